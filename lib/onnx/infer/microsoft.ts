/** Rules of the operators of com.microsoft that exported and optimised graphs contain. @module */
import { addDims, divideDims, multiplyDims, unknownDim } from "../ir/dim.ts";
import type { Dim } from "../ir/model.ts";
import { type InferRule, type NodeContext, type OpRow, typed } from "./context.ts";
import { rows, sameAsInput } from "./elementwise.ts";
import { conv } from "./image.ts";
import { layerNormalization } from "./normalization.ts";
import { gemm, matMulDims } from "./product.ts";
import { quantizedRows } from "./quantized.ts";

/** A skip connection added to the input, then a normalisation; output 3 is the sum. */
const skipNormalization: InferRule = (c) => {
  const statistics = c.dims(0)?.map((d, i, dims) => i < dims.length - 1 ? d : 1);
  return [c.type(0), typed("float32", statistics), typed("float32", statistics), c.type(0)];
};

const fusedMatMul: InferRule = (c) => [
  typed(
    c.dtype(0),
    matMulDims(
      flipped(c.dims(0), c.int("transA", 0), c.int("transBatchA", 0)),
      flipped(c.dims(1), c.int("transB", 0), c.int("transBatchB", 0)),
    ),
  ),
];

/** The matrix read transposed; `batch` first moves the leading axis next to the last. */
function flipped(dims: readonly Dim[] | undefined, trans: number, batch: number) {
  if (dims === undefined || dims.length < 2) return dims;
  const moved = batch === 1 ? [...dims.slice(1, -1), dims[0]!, dims.at(-1)!] : dims;
  return trans === 1 ? [...moved.slice(0, -2), moved.at(-1)!, moved.at(-2)!] : moved;
}

const matMulNBits: InferRule = (c) => {
  const dims = c.dims(0);
  return [typed(c.dtype(0), dims && [...dims.slice(0, -1), c.int("N", 1)])];
};

function valuesOf(c: NodeContext) {
  const [batch, length, hidden] = c.dims(0) ?? [];
  return {
    batch: batch ?? unknownDim(),
    length: length ?? unknownDim(),
    hidden: hidden ?? unknownDim(),
    heads: c.int("num_heads", 1),
  };
}

/** Query, key and value made from one input by one weight. */
const attention: InferRule = (c) => {
  const { batch, length, heads } = valuesOf(c);
  const dtype = c.dtype(0);
  const sizes = c.ints("qkv_hidden_sizes");
  const width = sizes?.[2] ?? divideDims(c.dims(1)?.[1] ?? unknownDim(), 3);
  const total = c.has(4) ? addDims(c.dims(4)?.[3] ?? unknownDim(), length) : length;
  const present = [2, batch, heads, total, divideDims(width, heads)];
  return [typed(dtype, [batch, length, width]), typed(dtype, present)];
};

/** Query, key and value given apart, or packed into the query. */
const multiHeadAttention: InferRule = (c) => {
  const { batch, length, hidden, heads } = valuesOf(c);
  const dtype = c.dtype(0);
  const value = c.dims(2);
  const packed = c.rank(0) === 5;
  const size = packed ? c.dims(0)![4]! : divideDims(hidden, heads);
  const valueSize = value === undefined
    ? size
    : value.length === 4
    ? value[3]!
    : divideDims(value[2]!, heads);
  const keyLength = value === undefined ? length : value[value.length === 4 ? 2 : 1]!;
  const total = c.has(6) ? addDims(c.dims(6)?.[2] ?? unknownDim(), keyLength) : keyLength;
  return [
    typed(dtype, [batch, length, multiplyDims(valueSize, heads)]),
    typed(dtype, [batch, heads, total, size]),
    typed(dtype, [batch, heads, total, valueSize]),
  ];
};

const groupQueryAttention: InferRule = (c) => {
  const { batch, length, hidden, heads } = valuesOf(c);
  const dtype = c.dtype(0);
  const keyHeads = c.int("kv_num_heads", heads);
  const packed = !c.has(1);
  const size = divideDims(hidden, packed ? heads + 2 * keyHeads : heads);
  const past = c.dims(3)?.[2];
  const total = past === undefined ? unknownDim() : past === 0 ? length : addDims(past, length);
  const present = typed(dtype, [batch, keyHeads, total, size]);
  return [typed(dtype, [batch, length, multiplyDims(size, heads)]), present, present];
};

const embedLayerNormalization: InferRule = (c) => {
  const [batch, length] = c.dims(0) ?? [unknownDim(), unknownDim()];
  const hidden = c.dims(2)?.[1] ?? unknownDim();
  const embedded = typed(c.dtype(2), [batch!, length!, hidden]);
  return [embedded, typed("int32", [batch!]), embedded];
};

const gatherBlockQuantized: InferRule = (c) => {
  const data = c.dims(0);
  const indices = c.dims(1);
  const axis = c.int("gather_axis", 0);
  if (data === undefined || indices === undefined) return [typed(c.dtype(2))];
  return [typed(c.dtype(2), [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)])];
};

const biasSplitGelu: InferRule = (c) => {
  const dims = c.dims(0);
  return [typed(c.dtype(0), dims && [...dims.slice(0, -1), divideDims(dims.at(-1)!, 2)])];
};

/** Operators of com.microsoft. */
export const microsoftRows: Readonly<Record<string, OpRow>> = {
  ...rows({ infer: sameAsInput }, "Gelu", "FastGelu", "QuickGelu", "BiasGelu", "BiasAdd"),
  ...rows({ infer: sameAsInput }, "BiasSoftmax", "Inverse", "Trilu", "GroupNorm", "SkipGroupNorm"),
  ...rows({ infer: sameAsInput }, "RotaryEmbedding", "GemmaRotaryEmbedding"),
  ...rows({ infer: skipNormalization }, "SkipLayerNormalization"),
  ...rows({ infer: skipNormalization }, "SkipSimplifiedLayerNormalization"),
  ...rows({ infer: layerNormalization }, "LayerNormalization", "SimplifiedLayerNormalization"),
  ...rows({ infer: fusedMatMul }, "FusedMatMul", "TransposeMatMul", "FusedMatMulActivation"),
  ...rows({ infer: matMulNBits }, "MatMulNBits", "MatMulBnb4"),
  FusedGemm: { infer: gemm },
  ...rows({ infer: conv }, "FusedConv"),
  BiasDropout: { infer: (c) => [c.type(0), typed("bool", c.dims(0))] },
  BiasSplitGelu: { infer: biasSplitGelu },
  Attention: { infer: attention },
  MultiHeadAttention: { infer: multiHeadAttention },
  GroupQueryAttention: { infer: groupQueryAttention },
  EmbedLayerNormalization: { infer: embedLayerNormalization },
  GatherBlockQuantized: { infer: gatherBlockQuantized },
  ...quantizedRows,
};

const reorderOutput: InferRule = (c) => {
  const [batch, , ...area] = c.dims(0) ?? [];
  if (batch === undefined) return [typed(c.dtype(0))];
  const channels = c.int("channels", 0);
  const isLast = c.int("channels_last", 0) === 1;
  return [typed(c.dtype(0), isLast ? [batch, ...area, channels] : [batch, channels, ...area])];
};

/** Operators of com.microsoft.nchwc that put values out of blocks of channels. */
export const blockedRows: Readonly<Record<string, OpRow>> = {
  ReorderOutput: { infer: reorderOutput },
};
