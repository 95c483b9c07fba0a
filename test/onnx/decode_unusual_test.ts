/** Tensors of rare types, sparse ones, and files that are made to be too much. */
import { assertEquals, assertThrows } from "@std/assert";
import { decodeModel, OnnxDecodeError } from "../../lib/onnx/codec/decode.ts";
import { encodeModel } from "../../lib/onnx/codec/encode.ts";
import { modelTable, type TensorProto } from "../../lib/onnx/codec/proto.ts";
import { writeMessage } from "../../lib/onnx/codec/proto_writer.ts";
import type { Weight } from "../../lib/onnx/ir/model.ts";

/** A model of these initializers and sparse ones. */
function fileOf(initializer: readonly TensorProto[], sparseInitializer: readonly unknown[] = []) {
  const graph = { name: "g", node: [], initializer, sparseInitializer, input: [], output: [] };
  return writeMessage(modelTable, { irVersion: 9, graph, opsetImport: [{ version: 21 }] });
}

function weightsOf(bytes: Uint8Array): Weight[] {
  return [...decodeModel(bytes).graph.initializers.values()];
}

const raw = (dataType: number, dims: number[], ...bytes: number[]): TensorProto => ({
  name: "w",
  dataType,
  dims,
  rawData: Uint8Array.from(bytes),
});

const types: [name: string, number: number, dims: number[], bytes: number[]][] = [
  ["int4", 22, [3], [0x21, 0x03]],
  ["uint4", 21, [2, 2], [0x21, 0x43]],
  ["float4e2m1", 23, [1], [0x05]],
  ["float8e4m3fn", 17, [2], [0x38, 0xc0]],
  ["float8e4m3fnuz", 18, [1], [0x38]],
  ["float8e5m2", 19, [1], [0x38]],
  ["float8e5m2fnuz", 20, [1], [0x38]],
  ["float8e8m0", 24, [1], [0x7f]],
  ["complex64", 14, [1], [0, 0, 128, 63, 0, 0, 0, 64]],
];

Deno.test("decodeModel() and encodeModel() carry tensors of rare types along", () => {
  for (const [name, number, dims, bytes] of types) {
    const expected = [{
      dtype: name,
      dims,
      data: { kind: "inline", bytes: Uint8Array.from(bytes) },
    }];
    const decoded = decodeModel(fileOf([raw(number, dims, ...bytes)]));
    assertEquals<unknown>([...decoded.graph.initializers.values()], expected, name);
    assertEquals<unknown>(weightsOf(encodeModel(decoded)), expected, name);
  }
  const typed = { name: "w", dataType: 22, dims: [3], int32Data: [0x21, 0x03] };
  assertEquals(weightsOf(fileOf([typed])), weightsOf(fileOf([raw(22, [3], 0x21, 0x03)])));
});

Deno.test("decodeModel() and encodeModel() carry texts along, byte by byte", () => {
  const texts = [Uint8Array.from([0x61]), Uint8Array.from([0xff, 0])];
  const decoded = decodeModel(fileOf([{ name: "w", dataType: 8, dims: [2], stringData: texts }]));
  const expected = [{ dtype: "string", dims: [2], data: { kind: "text", texts } }];
  assertEquals<unknown>(weightsOf(encodeModel(decoded)), expected);
});

const int64s = (dims: number[], ...values: number[]): TensorProto => ({
  dataType: 7,
  dims,
  rawData: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
});
const values = { ...raw(2, [2], 7, 9) };
const dense = [{
  dtype: "uint8",
  dims: [2, 3],
  data: { kind: "inline", bytes: Uint8Array.from([0, 7, 0, 0, 0, 9]) },
}];

Deno.test("decodeModel() writes sparse tensors out, with either form of indices", () => {
  for (const indices of [int64s([2], 1, 5), int64s([2, 2], 0, 1, 1, 2)]) {
    assertEquals<unknown>(weightsOf(fileOf([], [{ values, indices, dims: [2, 3] }])), dense);
  }
});

const wrong: [name: string, file: () => Uint8Array, message: string][] = [
  [
    "an index outside",
    () => fileOf([], [{ values, indices: int64s([2], 1, 6), dims: [2, 3] }]),
    'Cannot decode sparse tensor "w": an index lies outside of its shape [2,3]',
  ],
  [
    "other numbers of values and indices",
    () => fileOf([], [{ values, indices: int64s([1], 1), dims: [2, 3] }]),
    'Cannot decode sparse tensor "w": it has 2 values at 1 places',
  ],
  [
    "a sparse tensor that is small only in the file",
    () => fileOf([], [{ values, indices: int64s([2], 1, 5), dims: [2 ** 20, 2 ** 20] }]),
    'Cannot decode sparse tensor "w": written out, the sparse tensors of the model take more than 256 MiB',
  ],
  [
    "a negative size",
    () => fileOf([raw(2, [-1])]),
    'Cannot decode tensor "w": [-1] is not a shape',
  ],
  [
    "two initializers of one name",
    () => fileOf([raw(2, [1], 1), raw(2, [1], 1)]),
    'Cannot decode graph "g": it has two initializers "w"',
  ],
  ...["-24", "1e1", "0x10", " 8", "", "9007199254740993"].map((
    offset,
  ): [string, () => Uint8Array, string] => [
    `an offset of ${JSON.stringify(offset)}`,
    () => fileOf([outside("w.bin", offset)]),
    `Cannot decode tensor "w": its offset in "w.bin" is ${
      JSON.stringify(offset)
    }, which is not a number of bytes`,
  ]),
  [
    "a location outside of the folder",
    () => fileOf([outside("a/../../w.bin", "0")]),
    `Cannot decode tensor "w": its location "a/../../w.bin" is outside of the model's folder`,
  ],
];

function outside(location: string, offset: string): TensorProto {
  const externalData = Object.entries({ location, offset }).map(([key, value]) => ({ key, value }));
  return { name: "w", dataType: 2, dims: [1], dataLocation: 1, externalData };
}

for (const [name, file, message] of wrong) {
  Deno.test(`decodeModel() refuses ${name}`, () => {
    assertEquals(assertThrows(() => decodeModel(file()), OnnxDecodeError).message, message);
  });
}

Deno.test("decodeModel() refuses files that are nested deeper than protobuf reads", () => {
  let graph: Record<string, unknown> = { name: "g", node: [] };
  for (let depth = 0; depth < 40; depth++) {
    const attribute = { name: "then_branch", type: 5, g: graph };
    graph = { name: "g", node: [{ opType: "If", attribute: [attribute] }] };
  }
  const bytes = writeMessage(modelTable, { irVersion: 9, graph, opsetImport: [{ version: 21 }] });
  const message = "it is nested more than 100 levels deep, and no runtime reads that";
  assertThrows(() => decodeModel(bytes), OnnxDecodeError, message);
});

Deno.test("decodeModel() refuses files of more parts than their size is for", () => {
  const nodes = new Uint8Array(2_200_000).map((_, i) => i % 2 === 0 ? 0x0a : 0);
  const length = nodes.length;
  const size = [
    length & 127 | 128,
    length >> 7 & 127 | 128,
    length >> 14 & 127 | 128,
    length >> 21,
  ];
  const bytes = Uint8Array.from([0x08, 9, 0x3a, ...size, ...nodes]);
  const message = "it has more parts than a model of its size can need";
  assertThrows(() => decodeModel(bytes), OnnxDecodeError, message);
});
