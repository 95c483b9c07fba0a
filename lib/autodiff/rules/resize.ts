/**
 * Resize is linear and works on each axis separately: y = Rₐ x along axis a. The op itself, run on an
 * identity matrix, yields Rₐᵀ in every mode and coordinate system, so the gradient is g with each
 * axis multiplied by it; with constant sizes the runtime folds the matrix before the first run.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { tensor } from "../../tensor/tensor.ts";
import { intsOf, stringOf } from "../engine/attributes.ts";
import { joinShape, reshape, type ShapePart, sizePart } from "../engine/dynamic_shape.ts";
import {
  castLike,
  castTo,
  constantInts,
  div,
  range,
  rankOf,
  scale,
} from "../engine/expressions.ts";
import { normalizeAxis } from "../../onnx/ir/axis.ts";
import { refuse } from "../engine/refuse.ts";
import { type GradRule, type GradRules, linear } from "../engine/rule.ts";

const resizeInput = linear(({ b, node, g, x, y }) => {
  const rank = rankOf(b, x);
  const axes = intsOf(node, "axes")?.map((axis) => normalizeAxis(axis, rank)) ?? range(rank);
  const block = blockSizes(b, node, axes, rank);
  if (block !== undefined) return sumBlocks(b, g, block);
  const ratio = commonRatio(b, node, x, axes);
  return axes.reduce((grad, axis, i) => {
    if (keepsAxis(b, node, x, y, { axis, index: i, ratio })) return grad;
    const matrix = resizedIdentity(b, node, x, { axis, index: i, count: axes.length, ratio });
    return alongAxis(b, grad, axis, rank, matrix);
  }, g);
});

const resize: GradRule = (node, context) => {
  refuse(
    node,
    isCropped(node) && context.needs(1),
    "its region is varied",
    "Sample it with AffineGrid and GridSample, whose positions have a gradient",
  );
  return resizeInput(node, context);
};

/** Rule of Resize; Upsample is a Resize after the upgrade to opset 18. */
export const resizeRules = { Resize: resize } satisfies GradRules;

/** y of a Resize as products with Rₐ, in the type of x. */
export function resizeByProducts(b: GraphBuilder, node: Node, x: Value): Value {
  const rank = rankOf(b, x);
  const axes = intsOf(node, "axes")?.map((axis) => normalizeAxis(axis, rank)) ?? range(rank);
  const ratio = commonRatio(b, node, x, axes);
  return axes.reduce((y, axis, i) => {
    if (keepsAxis(b, node, x, node.outputs[0]!, { axis, index: i, ratio })) return y;
    const matrix = resizedIdentity(b, node, x, { axis, index: i, count: axes.length, ratio });
    return alongAxis(b, y, axis, rank, b.op("Transpose", [matrix], { perm: [1, 0] }));
  }, x);
}

/** A size before and after. */
type Ratio = readonly [before: ShapePart, after: ShapePart];

/** One of the axes that change: which of those that are listed, and the ratio that all have in common, if so. */
interface ResizedAxis {
  readonly axis: number;
  readonly index: number;
  readonly ratio: Ratio | undefined;
}

/** The smallest or largest ratio of sizes, which `keep_aspect_ratio_policy` gives to all axes. */
function commonRatio(
  b: GraphBuilder,
  node: Node,
  x: Value,
  axes: readonly number[],
): Ratio | undefined {
  const policy = stringOf(node, "keep_aspect_ratio_policy", "stretch");
  const sizes = node.inputs[3];
  if (policy === "stretch" || !sizes) return undefined;
  refuse(node, isCropped(node), `it crops, and its keep_aspect_ratio_policy is "${policy}"`);
  const before = axes.map((axis) => sizePart(b, x, axis));
  const after = constantInts(b, sizes);
  const isSmallest = policy === "not_larger";
  if (after !== undefined && before.every((size) => typeof size === "number")) {
    return knownRatio(before, after, isSmallest);
  }
  const lengths = joinShape(b, before);
  const ratios = div(b, castTo(b, sizes, "float32"), castTo(b, lengths, "float32"));
  const at = b.op(isSmallest ? "ArgMin" : "ArgMax", [ratios], { axis: 0 });
  const pickAt = (vector: Value) => b.op("Gather", [vector, at], { axis: 0 });
  return [pickAt(lengths), pickAt(sizes)];
}

/** Without common factors, as what is computed from it grows with it. */
function knownRatio(
  before: readonly number[],
  after: readonly number[],
  isSmallest: boolean,
): Ratio {
  const ratios = after.map((size, i) => size / before[i]!);
  const lead = ratios.indexOf(isSmallest ? Math.min(...ratios) : Math.max(...ratios));
  const factor = commonFactor(before[lead]!, after[lead]!);
  return [before[lead]! / factor, after[lead]! / factor];
}

function commonFactor(left: number, right: number): number {
  return right === 0 ? left : commonFactor(right, left % right);
}

function isCropped(node: Node): boolean {
  return stringOf(node, "coordinate_transformation_mode", "half_pixel").startsWith("tf_crop");
}

/** Whether the axis stays as it is. */
function keepsAxis(
  b: GraphBuilder,
  node: Node,
  x: Value,
  y: Value,
  { axis, index, ratio }: ResizedAxis,
): boolean {
  if (isCropped(node)) return false;
  // The size may stay while positions are still scaled.
  if (ratio !== undefined) return false;
  const factor = node.inputs[2] ? b.constantOf(node.inputs[2])?.data[index] : undefined;
  if (factor !== undefined) return Number(factor) === 1;
  const [before, after] = [b.dims(x)?.[axis], b.dims(y)?.[axis]];
  return before !== undefined && before === after;
}

/** Rₐᵀ as [in, out]: the op on the identity, along the last of four axes. */
function resizedIdentity(
  b: GraphBuilder,
  node: Node,
  x: Value,
  { axis, index, count, ratio }: ResizedAxis & { readonly count: number },
): Value {
  const [roi, scales, sizes] = node.inputs.slice(1).map((name) => given(b, name));
  const size = sizePart(b, x, axis);
  const { axes: _, keep_aspect_ratio_policy: policy, extrapolation_value: __, ...attributes } =
    node.attributes;
  if (ratio !== undefined && sizes) {
    const wanted = joinShape(b, [ratio[1], pick(b, sizes, index)]);
    return besideRatio(b, size, ratio, wanted, {
      ...attributes,
      keep_aspect_ratio_policy: policy!,
    });
  }
  const resized = b.op("Resize", [
    reshape(b, identity(b, size), [1, 1, size, size]),
    isCropped(node) && roi ? region(b, roi, index, count) : undefined,
    scales && oneScale(b, scales, index),
    sizes && joinShape(b, [1, 1, size, pick(b, sizes, index)]),
  ], attributes);
  return reshape(b, resized, [size, -1]);
}

/** The same where an axis follows another: one of this ratio, along which all is equal, stands beside it. */
function besideRatio(
  b: GraphBuilder,
  size: number | Value,
  [before]: Ratio,
  sizes: Value,
  attributes: Node["attributes"],
): Value {
  const rows = b.op("Expand", [
    reshape(b, identity(b, size), [1, size, 1, size]),
    joinShape(b, [1, size, before, size]),
  ]);
  const resized = b.op("Resize", [rows, undefined, undefined, sizes], {
    ...attributes,
    axes: [2, 3],
  });
  const first = b.op("Slice", [resized, b.int64s([0]), b.int64s([1]), b.int64s([2])]);
  return reshape(b, first, [size, -1]);
}

/** An input that is there: up to opset 12 an empty tensor means that it is missing. */
function given(b: GraphBuilder, name: Value | undefined): Value | undefined {
  return name && b.dims(name)?.[0] !== 0 ? name : undefined;
}

/** The identity matrix in float32. */
function identity(b: GraphBuilder, size: number | Value): Value {
  return b.op("EyeLike", [b.op("Expand", [b.scalar(0), joinShape(b, [size, size])])]);
}

/** One element of a vector, as a vector. */
function pick(b: GraphBuilder, vector: Value, index: number): Value {
  const known = constantInts(b, vector)?.[index];
  return known !== undefined && b.dtype(vector) === "int64"
    ? b.int64s([known])
    : b.op("Gather", [vector, b.int64s([index])], { axis: 0 });
}

function floats(b: GraphBuilder, values: readonly number[]): Value {
  return b.constant(tensor("float32", [values.length], Float32Array.from(values)));
}

function oneScale(b: GraphBuilder, scales: Value, index: number): Value {
  return b.op("Concat", [floats(b, [1, 1, 1]), pick(b, scales, index)], { axis: 0 });
}

/** The region of one axis, the others taken whole. */
function region(b: GraphBuilder, roi: Value, index: number, count: number): Value {
  const parts = [
    floats(b, [0, 0, 0]),
    castLike(b, pick(b, roi, index), b.scalar(0)),
    floats(b, [1, 1, 1]),
    castLike(b, pick(b, roi, index + count), b.scalar(0)),
  ];
  return b.op("Concat", parts, { axis: 0 });
}

/** g times a matrix [in, out], transposed, along one axis. */
function alongAxis(b: GraphBuilder, g: Value, axis: number, rank: number, matrix: Value): Value {
  const map = castLike(b, matrix, g);
  const last = rank - 1;
  if (axis === last - 1) return b.op("MatMul", [map, g]);
  const transposed = b.op("Transpose", [map], { perm: [1, 0] });
  if (axis === last) return b.op("MatMul", [g, transposed]);
  const perm = range(rank).map((i) => i === axis ? last : i === last ? axis : i);
  const product = b.op("MatMul", [b.op("Transpose", [g], { perm }), transposed]);
  return b.op("Transpose", [product], { perm });
}

/** Whole factors by which nearest sampling repeats the last two of four axes. */
function blockSizes(
  b: GraphBuilder,
  node: Node,
  axes: readonly number[],
  rank: number,
): readonly number[] | undefined {
  const given = node.inputs[2] ? b.constantOf(node.inputs[2]) : undefined;
  if (given === undefined || rank !== 4 || stringOf(node, "mode", "nearest") !== "nearest") return;
  const factors = range(rank).map((axis) => {
    const index = axes.indexOf(axis);
    return index < 0 ? 1 : Number(given.data[index]);
  });
  const coordinates = stringOf(node, "coordinate_transformation_mode", "half_pixel");
  const floor = stringOf(node, "nearest_mode", "round_prefer_floor") === "floor";
  const rounds = stringOf(node, "nearest_mode", "round_prefer_floor").startsWith("round");
  const repeats = coordinates === "asymmetric" ? floor : coordinates === "half_pixel" && rounds;
  const whole = factors.every((factor) => Number.isInteger(factor) && factor >= 1);
  return repeats && whole && factors[0] === 1 && factors[1] === 1 ? factors.slice(2) : undefined;
}

/** Sum over blocks: their mean times their size. */
function sumBlocks(b: GraphBuilder, g: Value, block: readonly number[]): Value {
  if (block.every((size) => size === 1)) return g;
  const mean = b.op("AveragePool", [g], { kernel_shape: block, strides: block });
  return scale(b, mean, block.reduce((product, size) => product * size, 1));
}
