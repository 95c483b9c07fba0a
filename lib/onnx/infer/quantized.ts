/** Rules of the operators of com.microsoft on quantised activations. @module */
import { addDims, broadcastDims, divideDims, unknownDim } from "../ir/dim.ts";
import type { Dim } from "../ir/model.ts";
import { type InferRule, type OpRow, typed } from "./context.ts";
import { normalizeAxis } from "../ir/axis.ts";
import { rows, sameAsInput } from "./elementwise.ts";
import { imageRows } from "./image.ts";
import { matMulDims } from "./product.ts";

/** The shapes of some inputs, broadcast. */
const broadcastOf = (...inputs: readonly number[]): InferRule => (c) => {
  const shapes = inputs.map((input) => c.dims(input));
  const known = shapes.every((dims) => dims !== undefined);
  return [typed(c.dtype(inputs.at(-1)!), known ? broadcastDims(shapes as Dim[][]) : undefined)];
};

/** A matrix of integers, or of floats where no scale of the output is given. */
const qGemm: InferRule = (c) => {
  const height = c.dims(0)?.[c.int("transA", 0)];
  const width = c.dims(3)?.[1 - c.int("transB", 0)];
  const dims = height === undefined || width === undefined ? undefined : [height, width];
  return [typed(c.has(7) ? c.dtype(8) ?? c.dtype(0) : c.dtype(1), dims)];
};

/** Scale and zero point, then three inputs per part. */
const concat: InferRule = (c) => {
  const parts = c.node.inputs.flatMap((_, i) => i % 3 === 2 ? [c.dims(i)] : []);
  const first = parts[0];
  if (first === undefined || parts.includes(undefined)) return [typed(c.dtype(2))];
  const axis = normalizeAxis(c.int("axis", 0), first.length);
  const total = parts.map((dims) => dims![axis]!).reduce((sum, dim) => addDims(sum, dim));
  return [typed(c.dtype(2), first.with(axis, total))];
};

const attention: InferRule = (c) => {
  const [batch = unknownDim(), length = unknownDim()] = c.dims(0) ?? [];
  const heads = c.int("num_heads", 1);
  const width = divideDims(c.dims(1)?.[1] ?? unknownDim(), 3);
  const total = c.has(8) ? addDims(c.dims(8)?.[3] ?? unknownDim(), length) : length;
  return [
    typed(c.dtype(3), [batch, length, width]),
    typed(c.dtype(3), [2, batch, heads, total, divideDims(width, heads)]),
  ];
};

/** Operators of com.microsoft on quantised activations. */
export const quantizedRows: Readonly<Record<string, OpRow>> = {
  DynamicQuantizeMatMul: {
    infer: (c) => [typed(c.dtype(0), matMulDims(c.dims(0), c.dims(1)))],
  },
  MatMulIntegerToFloat: {
    infer: (c) => [typed(c.dtype(2), matMulDims(c.dims(0), c.dims(1)))],
  },
  QGemm: { infer: qGemm },
  QAttention: { infer: attention },
  QLinearConv: imageRows.QLinearConv!,
  ...rows({ infer: broadcastOf(0, 3) }, "QLinearAdd", "QLinearMul"),
  QLinearWhere: { infer: broadcastOf(0, 1, 4) },
  ...rows({ infer: sameAsInput }, "QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax"),
  QLinearAveragePool: imageRows.AveragePool!,
  QLinearGlobalAveragePool: imageRows.GlobalAveragePool!,
  QLinearConcat: { infer: concat },
  DequantizeLinear: { infer: (c) => [typed(c.dtype(1), c.dims(0))] },
  QuantizeLinear: { infer: (c) => [typed(c.has(2) ? c.dtype(2) : "uint8", c.dims(0))] },
};
