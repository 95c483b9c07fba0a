/**
 * Weights stored in few bits (Dettmers & Zettlemoyer 2023 and others): the product's gradient with
 * respect to the activation is g times the dequantised weight. The weight is constant, so the
 * runtime dequantises it once.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { tensor } from "../../tensor/tensor.ts";
import { intOf } from "../engine/attributes.ts";
import { castLike, castTo, mul, range, rankOf, reduceSum, sub } from "../engine/expressions.ts";
import { factorAlong, sumToFactor } from "./quantization_axis.ts";
import { refuse } from "../engine/refuse.ts";
import type { GradRule, GradRules } from "../engine/rule.ts";

/** y = A · dequantised(B)ᵀ + bias */
const matMulNBits: GradRule = (node, { builder: b, outputGrads: [g], needs }) => {
  if (g === undefined) return [];
  refuse(
    node,
    needs(2) || needs(3),
    "its scales and zero points are not differentiable",
    "Train a model whose weights are not packed",
  );
  return [
    needs(0) ? b.op("MatMul", [g, castLike(b, dequantised(b, node), g)]) : undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    needs(5) ? reduceSum(b, g, range(rankOf(b, g) - 1), false) : undefined,
  ];
};

/** y = (x − zero point) · scale; integers carry a gradient only if they are rounded activations. */
const dequantizeLinear: GradRule = (node, { builder: b, outputGrads: [g], needs }) => {
  if (g === undefined) return [];
  const [x, factor, point] = node.inputs as [Value, Value, Value?];
  const slope = () => {
    const origin = point && factorAlong(b, node, castLike(b, point, g));
    return mul(b, g, origin ? sub(b, castLike(b, x, g), origin) : castLike(b, x, g));
  };
  return [
    needs(0) ? mul(b, g, castLike(b, factorAlong(b, node, factor), g)) : undefined,
    needs(1) ? sumToFactor(b, node, slope()) : undefined,
  ];
};

/** Values of the 4-bit floats and of normal floats, over the largest of a block (Dettmers et al. 2023). */
const codebooks = [
  [0, 1 / 192, 2 / 3, 1, 1 / 3, 1 / 2, 1 / 6, 1 / 4],
  [
    ...[-1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635],
    ...[-0.18477343022823334, -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725],
    ...[0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941],
    ...[0.7229568362236023, 1],
  ],
] as const;

/** y = A · (codebook[B] · largest of its block)ᵀ */
const matMulBnb4: GradRule = (node, { builder: b, outputGrads: [g], needs }) => {
  if (g === undefined || !needs(0)) return [];
  const [, packed, largest] = node.inputs as [Value, Value, Value];
  const half = codebooks[intOf(node, "quant_type", 1)]!;
  const values = half.length === 16 ? half : [...half, ...half.map((value) => -value)];
  const book = b.constant(tensor("float32", [16], Float32Array.from(values)));
  // The higher bits of a byte come first.
  const bytes = b.op("Reshape", [packed, b.int64s([-1, 1])]);
  const high = b.op("BitShift", [bytes, b.scalar(4, "uint8")], { direction: "RIGHT" });
  const low = b.op("BitwiseAnd", [bytes, b.scalar(15, "uint8")]);
  const codes = castTo(b, b.op("Concat", [high, low], { axis: 1 }), "int32");
  const block = b.int64s([-1, intOf(node, "block_size", 64)]);
  const cells = b.op("Reshape", [b.op("Gather", [book, codes], { axis: 0 }), block]);
  const factors = castTo(b, b.op("Reshape", [largest, b.int64s([-1, 1])]), "float32");
  const shape = b.int64s([intOf(node, "N", 0), intOf(node, "K", 0)]);
  const weight = b.op("Reshape", [mul(b, cells, factors), shape]);
  return [b.op("MatMul", [g, castLike(b, weight, g)])];
};

/** Rules of ops with quantised weights. */
export const quantizedRules = {
  "com.microsoft.MatMulNBits": matMulNBits,
  "com.microsoft.MatMulBnb4": matMulBnb4,
  DequantizeLinear: dequantizeLinear,
  "com.microsoft.DequantizeLinear": dequantizeLinear,
} satisfies GradRules;

/** The weight [N, K] in the type of its scales, seen as [N, blocks, block] if its blocks are in order. */
function dequantised(b: GraphBuilder, node: Node): Value {
  const [, packed, scales, zeros, order] = node.inputs as [Value, Value, Value, Value?, Value?];
  const [rows, columns] = [intOf(node, "N", 0), intOf(node, "K", 0)];
  const [bits, block] = [intOf(node, "bits", 4), intOf(node, "block_size", 32)];
  const blocks = Math.ceil(columns / block);
  const shaped = (x: Value, ...dims: number[]) => b.op("Reshape", [x, b.int64s([rows, ...dims])]);
  // With g_idx each column has the factors of the block that it names.
  const factor = (x: Value) =>
    order ? b.op("Gather", [shaped(x, blocks), order], { axis: 1 }) : shaped(x, blocks, -1);
  const numbers = castLike(b, unpack(b, packed, bits), scales);
  const steps = order ? firstColumns(b, shaped(numbers, -1), columns) : shaped(numbers, blocks, -1);
  const origin = zeros
    ? factor(zeroPoints(b, zeros, { rows, blocks, bits, scales }))
    : b.scalar(2 ** (bits - 1), b.dtype(scales));
  const weight = mul(b, sub(b, steps, origin), factor(scales));
  if (order) return weight;
  const flat = shaped(weight, -1);
  return blocks * block === columns ? flat : firstColumns(b, flat, columns);
}

interface Packing {
  readonly rows: number;
  readonly blocks: number;
  readonly bits: number;
  readonly scales: Value;
}

/** Packed like the weights, each row padded to whole bytes, or given as floats. */
function zeroPoints(b: GraphBuilder, zeros: Value, { rows, blocks, bits, scales }: Packing): Value {
  if (b.dtype(zeros) !== "uint8") return castLike(b, zeros, scales);
  const bytes = b.op("Reshape", [zeros, b.int64s([rows, -1])]);
  const points = b.op("Reshape", [unpack(b, bytes, bits), b.int64s([rows, -1])]);
  return castLike(b, firstColumns(b, points, blocks), scales);
}

function firstColumns(b: GraphBuilder, x: Value, count: number): Value {
  return b.op("Slice", [x, b.int64s([0]), b.int64s([count]), b.int64s([1])]);
}

/** Values of a few bits, the lowest first in each byte, along a new last axis. */
function unpack(b: GraphBuilder, bytes: Value, bits: number): Value {
  if (bits === 8) return bytes;
  const low = b.scalar(2 ** bits - 1, "uint8");
  const parts = range(8 / bits).map((i) => {
    const shifted = i === 0 ? bytes : b.op("BitShift", [bytes, b.scalar(i * bits, "uint8")], {
      direction: "RIGHT",
    });
    const value = i === 8 / bits - 1 ? shifted : b.op("BitwiseAnd", [shifted, low]);
    return b.op("Unsqueeze", [value, b.int64s([-1])]);
  });
  return b.op("Concat", parts, { axis: -1 });
}
