import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type DType, dtypes } from "../../lib/tensor/dtype.ts";
import { decodeNpy, encodeNpy, NpyError } from "../../lib/tensor/npy.ts";
import { fromNumbers } from "../../lib/tensor/convert.ts";
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

Deno.test("decodeNpy() says what is wrong with a file", () => {
  const good = encodeNpy(fromNumbers("float32", [2], [1, 2]));
  const edited = (from: string, to: string) => {
    const text = String.fromCharCode(...good).replace(from, to);
    return Uint8Array.from(text, (c) => c.charCodeAt(0));
  };
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(20), "the file does not begin with \\x93NUMPY"],
    [good.subarray(0, 40), "the header ends at byte 128, the file has 40"],
    [good.subarray(0, 130), "it needs 8 bytes, there are 2"],
    [edited("<f4", "<c8"), `the element type is "<c8"`],
    [edited("False", "True "), "the array is in Fortran order"],
    [edited("shape", "shope"), "the header has no shape"],
  ];
  for (const [bytes, message] of cases) assertThrows(() => decodeNpy(bytes), NpyError, message);
});
