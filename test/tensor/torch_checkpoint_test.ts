import { assertEquals, assertThrows } from "@std/assert";
import { fromNumbers, toNumbers } from "../../lib/tensor/convert.ts";
import { PickleError } from "../../lib/tensor/pickle.ts";
import { sizeOf, type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { decodeTorchCheckpoint, encodeTorchCheckpoint } from "../../lib/tensor/torch_checkpoint.ts";
import { decodeZip, encodeZip, ZipError } from "../../lib/tensor/zip.ts";

const read = (name: string) =>
  Deno.readFileSync(new URL(`../golden/torch/${name}`, import.meta.url));

/** Element i is i / 8 − 3, as `test/golden/make_torch_checkpoints.py` has it. */
const ramp = (...dims: number[]) =>
  fromNumbers("float32", dims, Array.from({ length: sizeOf(dims) }, (_, i) => i / 8 - 3));

const perturbation = ramp(3, 4, 4);

const files: readonly [string, Record<string, Tensor>][] = [
  ["tensor.pth", { perturbation }],
  ["legacy.pth", { perturbation }],
  ["protocol4.pth", { perturbation }],
  ["parameter.pth", { perturbation }],
  ["state_dict.pth", { "model.perturbation": perturbation, "model.mask": ramp(4, 4) }],
  ["alone.pth", { "": perturbation }],
];

for (const [name, expected] of files) {
  Deno.test(`decodeTorchCheckpoint() reads ${name} bit by bit`, () => {
    assertEquals(decodeTorchCheckpoint(read(name)), expected);
  });
}

Deno.test("decodeTorchCheckpoint() reads every element type, in both formats", () => {
  for (const name of ["types.pth", "types_legacy.pth"]) {
    const tensors = decodeTorchCheckpoint(read(name));
    assertEquals(Object.keys(tensors).length, 9);
    for (const [dtype, x] of Object.entries(tensors)) {
      assertEquals(x.dtype, dtype);
      const expected = dtype === "bool"
        ? [0, 1, 1]
        : dtype.includes("float")
        ? [-3, -2.875, -2.75]
        : [0, 1, 2];
      assertEquals([...toNumbers(x)], expected, `${name} ${dtype}`);
    }
  }
});

Deno.test("decodeTorchCheckpoint() follows strides and offsets", () => {
  const { turned, part, wide } = decodeTorchCheckpoint(read("views.pth"));
  const at = (row: number, column: number) => (6 * row + column) / 8 - 3;
  assertEquals(turned!.dims, [6, 4]);
  assertEquals(turned!.data[4 * 5 + 1], at(1, 5));
  assertEquals([...toNumbers(part!)], [1, 2].flatMap((r) => [2, 3, 4].map((c) => at(r, c))));
  assertEquals([...toNumbers(wide!)], [0, 1, 2].flatMap(() => [at(0, 0), at(0, 1)]));
});

Deno.test("decodeTorchCheckpoint() runs nothing and names what it was asked for", () => {
  const bytes = encodeZip({ "a/data.pkl": read("runs.pkl"), "a/version": new Uint8Array(1) });
  assertThrows(() => decodeTorchCheckpoint(bytes), PickleError, 'asks for "posix.system", allowed');
  assertThrows(
    () => decodeTorchCheckpoint(read("module.pth")),
    PickleError,
    'asks for "__main__.Prompter", allowed are collections.OrderedDict',
  );
  assertThrows(() => decodeTorchCheckpoint(read("runs.pkl")), PickleError, "posix.system");
});

Deno.test("decodeTorchCheckpoint() says what is wrong with a file", () => {
  const good = read("tensor.pth");
  const legacy = read("legacy.pth");
  const big = Object.fromEntries(decodeZip(good));
  const order = Object.keys(big).find((name) => name.endsWith("byteorder"))!;
  const data = Object.keys(big).find((name) => name.includes("/data/"))!;
  const { [data]: _, ...withoutData } = big;
  const damaged = good.slice();
  damaged[good.length / 2 | 0]! ^= 1;
  const cases: readonly [Uint8Array, string][] = [
    [new Uint8Array(0), "1 bytes are needed at byte 0, there are 0"],
    [new TextEncoder().encode("no pickle"), "opcode 0x6e at byte 0 is not one that plain tensors"],
    [Uint8Array.of(0x80, 2, 0x4b, 1, 0x2e), "it is no file that torch.save wrote"],
    [good.subarray(0, good.length - 30), "the file is cut off"],
    [legacy.subarray(0, legacy.length - 4), `${legacy.length} bytes are needed`],
    [damaged, "checksum"],
    [encodeZip({ "a.txt": new Uint8Array(1) }), "the archive has no data.pkl, it has a.txt"],
    [encodeZip({ ...big, [order]: new TextEncoder().encode("big") }), "not little endian"],
    [encodeZip(withoutData), 'storage "0" is missing'],
    [encodeZip({ ...big, [data]: new Uint8Array(8) }), 'of storage "0", which has 2'],
  ];
  for (const [bytes, message] of cases) {
    assertThrows(() => decodeTorchCheckpoint(bytes), SyntaxError, message);
  }
  assertThrows(() => decodeZip(read("legacy.pth")), ZipError, "without a directory");
});

Deno.test("decodeTorchCheckpoint() answers damaged files with a SyntaxError and no other", () => {
  for (const name of ["state_dict.pth", "legacy.pth", "views.pth"]) {
    const bytes = read(name);
    const files = name === "legacy.pth" ? undefined : Object.fromEntries(decodeZip(bytes));
    const pickle = files && Object.keys(files).find((key) => key.endsWith("data.pkl"))!;
    const target = files ? files[pickle!]! : bytes.subarray(0, 300);
    for (let at = 0; at < target.length; at++) {
      for (const value of [0, 0x52, 0xff]) {
        const changed = target.slice();
        changed[at] = value;
        const whole = files
          ? encodeZip({ ...files, [pickle!]: changed })
          : Uint8Array.from([...changed, ...bytes.subarray(300)]);
        try {
          decodeTorchCheckpoint(whole);
        } catch (error) {
          if (!(error instanceof SyntaxError)) throw error;
        }
      }
    }
  }
});

Deno.test("encodeTorchCheckpoint() round-trips the official prompt's shape bit by bit", () => {
  const data = Float32Array.from({ length: 3 * 224 * 224 }, (_, i) => Math.sin(i) / 3);
  data.set([NaN, -0, Infinity, 1e-45]);
  const prompt = tensor("float32", [3, 224, 224], data);
  const bytes = encodeTorchCheckpoint({ perturbation: prompt });
  const again = decodeTorchCheckpoint(bytes).perturbation!;
  assertEquals(again.dims, [3, 224, 224]);
  assertEquals(new Uint32Array(again.data.slice().buffer), new Uint32Array(data.buffer));
  assertEquals(encodeTorchCheckpoint({ perturbation: again }), bytes);
});

Deno.test("encodeTorchCheckpoint() writes every element type PyTorch has a storage of", () => {
  const tensors = decodeTorchCheckpoint(read("types.pth"));
  assertEquals(decodeTorchCheckpoint(encodeTorchCheckpoint(tensors)), tensors);
  assertThrows(
    () => encodeTorchCheckpoint({ x: fromNumbers("uint32", [1], [1]) }),
    TypeError,
    "no storage class of uint32",
  );
});
