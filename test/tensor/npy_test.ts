import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type DType, dtypes } from "../../lib/tensor/dtype.ts";
import { decodeNpy, encodeNpy, NpyError } from "../../lib/tensor/npy.ts";
import { fromNumbers } from "../../lib/tensor/convert.ts";
import { npyFile } from "./npy_file.ts";
import { sizeOf } from "../../lib/tensor/tensor.ts";

/** `numpy.save` of `numpy.array([[1, -2, 3]], dtype="<i2")`. */
const saved =
  "k05VTVBZAQB2AHsnZGVzY3InOiAnPGkyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDEs" +
  "IDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAP7/AwA=";

Deno.test("decodeNpy() reads what NumPy writes, encodeNpy() writes it", () => {
  const bytes = Uint8Array.from(atob(saved), (c) => c.charCodeAt(0));
  const expected = fromNumbers("int16", [1, 3], [1, -2, 3]);
  assertEquals(decodeNpy(bytes), expected);
  assertEquals(encodeNpy(expected), bytes);
});

Deno.test("decodeNpy() gives back what encodeNpy() wrote", () => {
  const names = (Object.keys(dtypes) as DType[]).filter((d) => d !== "bfloat16");
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.array(fc.nat(4), { maxLength: 4 }),
      (dtype, dims) => {
        const numbers = Array.from({ length: sizeOf(dims) }, (_, i) => i % 2);
        const x = fromNumbers(dtype, dims, numbers);
        assertEquals(decodeNpy(encodeNpy(x)), x);
      },
    ),
    { seed: 1 },
  );
});

Deno.test("decodeNpy() reads every version, order of axes and order of bytes", () => {
  const expected = fromNumbers("int16", [2, 3], [1, 2, 3, 4, 5, 6]);
  const bytesOf = (numbers: number[], bigEndian: boolean) =>
    Uint8Array.from(numbers.flatMap((n) => bigEndian ? [0, n] : [n, 0]));
  for (const version of [1, 2, 3]) {
    for (
      const [descr, bigEndian] of [["'<i2'", false], ["'>i2'", true], ["'i2'", false]] as const
    ) {
      for (const fortran of [false, true]) {
        const numbers = fortran ? [1, 4, 2, 5, 3, 6] : [1, 2, 3, 4, 5, 6];
        const fields = { descr, fortran, shape: "(2, 3)", version };
        assertEquals(decodeNpy(npyFile(fields, bytesOf(numbers, bigEndian))), expected, descr);
      }
    }
  }
  const three = npyFile(
    { descr: "'|b1'", fortran: true, shape: "(2L, 1L, 2L)" },
    Uint8Array.of(1, 0, 0, 1),
  );
  assertEquals(decodeNpy(three), fromNumbers("bool", [2, 1, 2], [1, 0, 0, 1]));
  const scalar = npyFile({ descr: "'>f4'", shape: "()" }, Uint8Array.of(0x3f, 0x80, 0, 0));
  assertEquals(decodeNpy(scalar), fromNumbers("float32", [], [1]));
});

Deno.test("decodeNpy() says what is wrong with a file", () => {
  const good = encodeNpy(fromNumbers("float32", [2], [1, 2]));
  const edited = (from: string, to: string) => {
    const longer = to.length - from.length;
    const text = String.fromCharCode(...good).replace(from, to)
      .replace(/ *\n/, (padding) => padding.slice(longer).padStart(padding.length - longer));
    return Uint8Array.from(text, (c) => c.charCodeAt(0));
  };
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(20), "the file does not begin with \\x93NUMPY"],
    [good.subarray(0, 40), "the header ends at byte 128, but the file has 40"],
    [good.subarray(0, 130), "it needs 8 bytes, there are 2"],
    [edited("<f4", "<c8"), `the element type is "<c8"`],
    [edited("<f4", "|O"), `the element type is "|O"`],
    [edited("'<f4'", "[('a','<f4')]"), "the element type is a structure"],
    [edited("False", "True, "), "the header is not a dictionary of plain values"],
    [edited("False", "0    "), "fortran_order is neither True nor False"],
    [edited("shape", "shope"), "the header has no shape"],
    [edited("(2,)", "[2]"), "the shape is not a tuple of sizes"],
    [edited("(2,)", "(-2,)"), "the shape is not a tuple of sizes"],
    [edited("(2,)", "(0x2,)"), "the header is not a dictionary of plain values"],
    [edited("(2,)", "(None,)"), "the shape is not a tuple of sizes"],
    [
      edited("\x01\x00", "\x09\x00"),
      "the format's version is 9.0, known versions are 1.0, 2.0 and 3.0",
    ],
  ];
  for (const [bytes, message] of cases) assertThrows(() => decodeNpy(bytes), NpyError, message);
});
