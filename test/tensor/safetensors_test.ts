import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type DType, dtypes } from "../../lib/tensor/dtype.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  SafetensorsError,
} from "../../lib/tensor/safetensors.ts";
import { sizeOf, type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { tensorFromBytes } from "../../lib/tensor/bytes.ts";

const anyTensor: fc.Arbitrary<Tensor> = fc.tuple(
  fc.constantFrom(...Object.keys(dtypes) as DType[]),
  fc.array(fc.nat(3), { maxLength: 3 }),
).chain(([dtype, dims]) => {
  const length = sizeOf(dims) * dtypes[dtype].bytes;
  return fc.uint8Array({ minLength: length, maxLength: length })
    .map((bytes) => tensorFromBytes(dtype, dims, bytes));
});

const anyFile = fc.record({
  tensors: fc.dictionary(
    fc.string({ minLength: 1 }).filter((s) => s !== "__metadata__"),
    anyTensor,
    { noNullPrototype: true },
  ),
  metadata: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
});

Deno.test("decodeSafetensors() gives back what encodeSafetensors() wrote", () => {
  fc.assert(
    fc.property(anyFile, ({ tensors, metadata }) => {
      assertEquals(decodeSafetensors(encodeSafetensors(tensors, metadata)), { tensors, metadata });
    }),
    { seed: 1 },
  );
});

Deno.test("encodeSafetensors() does not depend on the order of keys", () => {
  fc.assert(
    fc.property(anyFile, ({ tensors, metadata }) => {
      const turned = Object.fromEntries(Object.entries(tensors).reverse());
      const turnedMeta = Object.fromEntries(Object.entries(metadata).reverse());
      assertEquals(encodeSafetensors(turned, turnedMeta), encodeSafetensors(tensors, metadata));
    }),
    { seed: 2 },
  );
});

/** A header of scalars of a byte each, one after the other. */
const headerOf = (types: Readonly<Record<string, string>>) =>
  JSON.stringify(Object.fromEntries(
    Object.entries(types).map(([name, dtype], i) => [
      name,
      { dtype, shape: [], data_offsets: [i, i + 1] },
    ]),
  ));

Deno.test("decodeSafetensors() leaves out what it does not know, if told to", () => {
  const header = new TextEncoder().encode(headerOf({ x: "F8_E4M3", y: "U8" }));
  const bytes = new Uint8Array(8 + header.length + 2);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  bytes.set([1, 2], 8 + header.length);
  const { tensors } = decodeSafetensors(bytes, { unknownTypes: "leave-out" });
  assertEquals(tensors, { y: tensor("uint8", [], Uint8Array.of(2)) });
});

Deno.test("a tensor may be called __proto__", () => {
  const tensors = Object.fromEntries([["__proto__", tensor("uint8", [], Uint8Array.of(2))]]);
  assertEquals(Object.keys(decodeSafetensors(encodeSafetensors(tensors)).tensors), ["__proto__"]);
});

Deno.test("decodeSafetensors() says what is wrong with a file", () => {
  const good = encodeSafetensors({ x: tensor("float32", [2], new Float32Array([1, 2])) });
  const withHeader = (json: string, data = 0) => {
    const text = new TextEncoder().encode(json);
    const bytes = new Uint8Array(8 + text.length + data);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
    bytes.set(text, 8);
    return bytes;
  };
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(3), "a file has at least 8 bytes, this one has 3"],
    [good.subarray(0, 20), "the header should have 56 bytes, but the file has 12 after byte 8"],
    [
      good.subarray(0, good.length - 1),
      `tensor "x" ends at byte 8, but the data end at 7: the file is cut off`,
    ],
    [Uint8Array.from([...good, 0]), "the tensors end at byte 8, but the data end at 9"],
    [withHeader("{nope"), "the header is not JSON"],
    [withHeader("[]"), "the header is not a JSON object"],
    [withHeader(`{"__metadata__":{"a":1}}`), "__metadata__ is not a map of texts"],
    [withHeader(headerOf({ x: "F8" }), 1), `tensor "x" has element type "F8"`],
    [withHeader(headerOf({ x: "F32" }), 1), `tensor "x" (float32 []) needs 4 bytes, its range is`],
    [withHeader(`{"x":{"dtype":"F32"}}`), `tensor "x" needs dtype, shape and data_offsets`],
    [
      withHeader(`{"x":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}`, 1),
      `tensor "x" needs dtype, shape and data_offsets`,
    ],
    [
      withHeader(headerOf({ x: "U8", y: "U8" }).replace("[1,2]", "[0,1]"), 1),
      `tensor "y" lies at bytes 0 to 1, but should begin at 1`,
    ],
  ];
  for (const [bytes, message] of cases) {
    assertThrows(() => decodeSafetensors(bytes), SafetensorsError, message);
  }
});
