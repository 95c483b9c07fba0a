/**
 * GridSample (Jaderberg et al. 2015) as a weighted gather, and AffineGrid as a product. Along each
 * axis a point has one, two or four neighbours (taps); their weights are polynomials of the point's
 * distance, which is where the gradient with respect to the grid comes from.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { tensor } from "../../tensor/tensor.ts";
import { intOf, stringOf } from "../engine/attributes.ts";
import {
  joinShape,
  reshape,
  shapeBetween,
  type ShapePart,
  sizePart,
} from "../engine/dynamic_shape.ts";
import {
  add,
  castLike,
  castTo,
  constantLike,
  div,
  mul,
  range,
  rankOf,
  reduceSum,
  scale,
  sub,
  where,
} from "../engine/expressions.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";
import { positions } from "./attention_core.ts";

/** Weights of the taps of one axis: Σ coefficients[i] · dⁱ with d = slope · t + shift. */
interface Kernel {
  readonly offsets: readonly number[];
  readonly slope: readonly number[];
  readonly shift: readonly number[];
  readonly coefficients: readonly (readonly number[])[];
}

const a = -0.75;
const linearKernel: Kernel = {
  offsets: [0, 1],
  slope: [-1, 1],
  shift: [1, 0],
  coefficients: [[0, 0], [1, 1]],
};
/** Keys 1981: one polynomial for the two inner taps, one for the outer. */
const cubicKernel: Kernel = {
  offsets: [-1, 0, 1, 2],
  slope: [1, 1, -1, -1],
  shift: [1, 0, 1, 2],
  coefficients: [
    [-4 * a, 1, 1, -4 * a],
    [8 * a, 0, 0, 8 * a],
    [-5 * a, -(a + 3), -(a + 3), -5 * a],
    [a, a + 2, a + 2, a],
  ],
};
const kernels: Readonly<Record<string, Kernel>> = {
  linear: linearKernel,
  bilinear: linearKernel,
  cubic: cubicKernel,
  bicubic: cubicKernel,
};

/** Neighbours along one axis: indices and weights, [N, L, taps]. */
interface Taps {
  readonly index: Value;
  readonly weight: Value;
}

const gridSample: Decomposition = (node, b) => {
  const [x, grid] = node.inputs as [Value, Value];
  const axes = rankOf(b, x) - 2;
  const points = reshape(b, grid, [0, -1, axes]);
  const taps = range(axes).map((axis) => tapsOf(b, node, points, x, axis, axes));
  const index = taps.slice(1).reduce((flat, { index }, i) => {
    const size = castTo(b, sizeVector(b, sizePart(b, x, i + 3)), "int64");
    return add(b, mul(b, placed(b, flat), size), between(b, index, i + 1));
  }, taps[0]!.index);
  const weight = taps.slice(1).reduce(
    (product, { weight }, i) => mul(b, placed(b, product), between(b, weight, i + 1)),
    taps[0]!.weight,
  );
  return [weightedGather(b, x, grid, index, weight)];
};

/** Room for the taps of one more axis. */
function placed(b: GraphBuilder, x: Value): Value {
  return b.op("Unsqueeze", [x, b.int64s([-1])]);
}

/** [N, L, T] → [N, L, 1, …, T] with `before` axes in between. */
function between(b: GraphBuilder, x: Value, before: number): Value {
  return b.op("Unsqueeze", [x, b.int64s(range(before).map((i) => i + 2))]);
}

function sizeVector(b: GraphBuilder, size: ShapePart): Value {
  return typeof size === "number" ? b.int64s([size]) : size;
}

/** Σ over taps of weight · x[index], for every channel. */
function weightedGather(
  b: GraphBuilder,
  x: Value,
  grid: Value,
  index: Value,
  weight: Value,
): Value {
  const plane = reshape(b, x, [0, 0, -1]);
  const flat = reshape(b, index, [0, 1, -1]);
  const [batch, channels] = [sizePart(b, x, 0), sizePart(b, x, 1)];
  const all = b.op("Expand", [flat, joinShape(b, [1, channels, 1])]);
  const gathered = b.op("GatherElements", [plane, all], { axis: 2 });
  const rank = b.rank(weight)!;
  const neighbours = b.op("Unsqueeze", [weight, b.int64s([1])]);
  const taps = range(rank - 2).map((axis) => sizePart(b, weight, axis + 2));
  const points = reshape(b, gathered, [batch, channels, -1, ...taps]);
  const sums = reduceSum(
    b,
    mul(b, points, castLike(b, neighbours, points)),
    range(rank - 2).map((axis) => axis + 3),
    false,
  );
  return reshape(b, sums, [0, 0, shapeBetween(b, grid, 1, rankOf(b, grid) - 1)]);
}

function tapsOf(
  b: GraphBuilder,
  node: Node,
  points: Value,
  x: Value,
  axis: number,
  axes: number,
): Taps {
  const mode = stringOf(node, "mode", "linear");
  const padding = stringOf(node, "padding_mode", "zeros");
  const align = intOf(node, "align_corners", 0) === 1;
  const size = castLike(b, sizeVector(b, sizePart(b, x, axis + 2)), points);
  const bounds: Bounds = { size, last: sub(b, size, constantLike(b, size, 1)), align };
  // The grid's last axis starts with the coordinate of the image's last.
  const column = b.op("Gather", [points, b.int64s([axes - 1 - axis])], { axis: 2 });
  const kernel = kernels[mode];
  const raw = unnormalize(b, column, bounds);
  const coordinate = kernel === cubicKernel ? raw : pad(b, raw, bounds, padding);
  if (kernel === undefined) {
    return inside(b, b.op("Round", [coordinate]), undefined, bounds, padding);
  }
  const base = b.op("Floor", [coordinate]);
  const weight = weights(b, sub(b, coordinate, base), kernel);
  const neighbours = add(b, base, vector(b, kernel.offsets, base));
  const index = kernel === cubicKernel ? pad(b, neighbours, bounds, padding) : neighbours;
  return inside(b, index, weight, bounds, padding);
}

interface Bounds {
  readonly size: Value;
  readonly last: Value;
  readonly align: boolean;
}

/** From [−1, 1] to indices: over the centres of the corner pixels, or over their outer edges. */
function unnormalize(b: GraphBuilder, x: Value, { size, last, align }: Bounds): Value {
  const one = constantLike(b, x, 1);
  const shifted = add(b, x, one);
  return align
    ? mul(b, shifted, scale(b, last, 0.5))
    : scale(b, sub(b, mul(b, shifted, size), one), 0.5);
}

/** Coordinates outside are moved to the border or reflected; for zeros they stay. */
function pad(b: GraphBuilder, x: Value, bounds: Bounds, padding: string): Value {
  if (padding === "zeros") return x;
  return clamp(b, padding === "reflection" ? reflect(b, x, bounds) : x, bounds);
}

function clamp(b: GraphBuilder, x: Value, { last }: Bounds): Value {
  return b.op("Min", [b.op("Max", [x, constantLike(b, x, 0)]), last]);
}

/** A triangle wave between the centres of the corner pixels, or between their outer edges. */
function reflect(b: GraphBuilder, x: Value, { size, last, align }: Bounds): Value {
  const low = constantLike(b, x, align ? 0 : -0.5);
  const span = align ? last : size;
  const distance = b.op("Abs", [sub(b, x, low)]);
  const turns = b.op("Floor", [div(b, distance, span)]);
  const rest = sub(b, distance, mul(b, turns, span));
  const half = scale(b, turns, 0.5);
  const even = b.op("Equal", [b.op("Floor", [half]), half]);
  return add(b, where(b, even, rest, sub(b, span, rest)), low);
}

/** Indices as integers, with weight 0 for those outside. */
function inside(
  b: GraphBuilder,
  index: Value,
  weight: Value | undefined,
  bounds: Bounds,
  padding: string,
): Taps {
  const integers = castTo(b, clamp(b, index, bounds), "int64");
  const full = weight ?? b.op("Expand", [constantLike(b, index, 1), b.int64s([1, 1, 1])]);
  if (padding !== "zeros") return { index: integers, weight: full };
  const valid = b.op("And", [
    b.op("GreaterOrEqual", [index, constantLike(b, index, 0)]),
    b.op("LessOrEqual", [index, bounds.last]),
  ]);
  return { index: integers, weight: where(b, valid, full, constantLike(b, index, 0)) };
}

function weights(b: GraphBuilder, t: Value, { slope, shift, coefficients }: Kernel): Value {
  const d = add(b, mul(b, t, vector(b, slope, t)), vector(b, shift, t));
  if (coefficients.length === 2) return d;
  return coefficients.slice(0, -1).reduceRight(
    (sum, row) => add(b, mul(b, sum, d), vector(b, row, t)),
    vector(b, coefficients.at(-1)!, t),
  );
}

function vector(b: GraphBuilder, values: readonly number[], like: Value): Value {
  const constant = b.constant(tensor("float32", [values.length], Float32Array.from(values)));
  return castLike(b, constant, like);
}

/** Each point of the output, (x, y, 1) or (x, y, z, 1), times θᵀ. */
const affineGrid: Decomposition = (node, b) => {
  const [theta, size] = node.inputs as [Value, Value];
  const axes = Number(b.dims(size)?.[0] ?? 4) - 2;
  const align = intOf(node, "align_corners", 0) === 1;
  const sizes = range(axes).map((axis) =>
    b.op("Gather", [size, b.int64s([axis + 2])], { axis: 0 })
  );
  const shape = joinShape(b, sizes);
  const columns = range(axes).toReversed().map((axis) => {
    const line = linspace(b, sizes[axis]!, align, theta);
    const spread = b.op("Unsqueeze", [line, b.int64s(range(axes - 1 - axis).map((i) => i + 1))]);
    return reshape(b, b.op("Expand", [spread, shape]), [-1, 1]);
  });
  const ones = b.op("Expand", [constantLike(b, theta, 1), shapeBetween(b, columns[0]!, 0)]);
  const points = b.op("Concat", [...columns, ones], { axis: 1 });
  const grid = b.op("MatMul", [points, b.op("Transpose", [theta], { perm: [0, 2, 1] })]);
  return [reshape(b, grid, [sizePart(b, theta, 0), shape, axes])];
};

/** Centres of the pixels over [−1, 1]. */
function linspace(b: GraphBuilder, count: Value, align: boolean, like: Value): Value {
  const steps = castLike(b, positions(b, count), like);
  const total = castLike(b, count, like);
  const one = constantLike(b, like, 1);
  const doubled = scale(b, steps, 2);
  const ratio = align ? div(b, doubled, sub(b, total, one)) : div(b, add(b, doubled, one), total);
  return sub(b, ratio, one);
}

/** Decompositions of sampling ops. */
export const gridSampleDecompositions = {
  GridSample: gridSample,
  AffineGrid: affineGrid,
} satisfies Decompositions;
