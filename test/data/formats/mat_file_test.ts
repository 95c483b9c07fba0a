import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { listMatArrays, readNumbers } from "../../../lib/data/formats/mat_file.ts";
import { DiagnosticError } from "../../../lib/diagnostic/diagnostic.ts";
import { inFolder } from "../images_in.ts";

/** A file with an array of doubles, `y`, in the order of bytes of a machine. */
function matFile(numbers: readonly number[], little: boolean): Uint8Array<ArrayBuffer> {
  const words = (...values: number[]) => {
    const view = new DataView(new ArrayBuffer(4 * values.length));
    values.forEach((value, i) => view.setUint32(4 * i, value, little));
    return [...new Uint8Array(view.buffer)];
  };
  const doubles = new DataView(new ArrayBuffer(8 * numbers.length));
  numbers.forEach((value, i) => doubles.setFloat64(8 * i, value, little));
  const array = [
    ...words(6, 8, 6, 0),
    ...words(5, 8, 1, numbers.length),
    ...words(1 << 16 | 1), // a small element: a name of one letter
    ...[0x79, 0, 0, 0],
    ...words(9, 8 * numbers.length),
    ...new Uint8Array(doubles.buffer),
  ];
  const header = new Uint8Array(128);
  header.set(new TextEncoder().encode("MATLAB 5.0 MAT-file"));
  header.set(new TextEncoder().encode(little ? "\0\x01IM" : "\x01\0MI"), 124);
  return Uint8Array.from([...header, ...words(14, array.length), ...array]);
}

for (const little of [true, false]) {
  Deno.test(`readNumbers() reads doubles whose ${little ? "last" : "first"} bytes come first`, () =>
    inFolder({ "a.mat": matFile([1, 10, -2.5], little) }, async (folder) => {
      const [array] = await listMatArrays(join(folder, "a.mat"));
      assertEquals([array!.name, array!.dims], ["y", [1, 3]]);
      assertEquals(await readNumbers(array!, "a.mat"), [1, 10, -2.5]);
    }));
}

const refused: readonly (readonly [content: Uint8Array, cause: string])[] = [
  [new Uint8Array(0), "it is empty or cut off, expected a .mat file"],
  [
    new TextEncoder().encode("version https://git-lfs.github.com/spec/v1"),
    "it is not a .mat file but a pointer of Git LFS; fetch the file itself: git lfs pull",
  ],
  [
    new TextEncoder().encode("<html>".padEnd(500)),
    "it is not a .mat file of version 5 but a web page",
  ],
  [new Uint8Array(500), "it is not a .mat file of version 5"],
];

for (const [content, cause] of refused) {
  Deno.test(`listMatArrays() says: ${cause}`, () =>
    inFolder({ "a.mat": content }, async (folder) => {
      const path = join(folder, "a.mat");
      const error = await assertRejects(() => listMatArrays(path), DiagnosticError);
      assertEquals(error.message, `Cannot read ${JSON.stringify(path)}: ${cause}`);
    }));
}
