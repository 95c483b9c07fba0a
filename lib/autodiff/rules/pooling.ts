/**
 * Pooling. A window's gradient goes back to its elements: evenly (mean), by size (norms), or to the
 * one that won (maximum). Channels are folded into the batch, so that one kernel of ones serves all.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { sizeOf, tensor } from "../../tensor/tensor.ts";
import { intOf, intsOf } from "../engine/attributes.ts";
import {
  between,
  countBetween,
  joinShape,
  reshape,
  shapeBetween,
  type ShapePart,
  staticDims,
} from "../engine/dynamic_shape.ts";
import {
  castLike,
  constantLike,
  div,
  dropWhere,
  indicator,
  longestRange,
  mul,
  rankOf,
  reduceSum,
  scale,
  shapeOf,
  widen,
} from "../engine/expressions.ts";
import { type GradRules, unary } from "../engine/rule.ts";
import { cropLike, scatterWindows } from "./scatter_windows.ts";
import { type PlacedWindow, placeWindow, type Window } from "./window.ts";

/** y = Σ x / count. */
const averagePool = unary(({ b, node, g, x, y }) => {
  const placed = poolWindow(b, node, x);
  if (isTiling(b, x, y, placed)) return spreadTiles(b, g, placed.window);
  return placed.restore(scatterOnes(b, averageShare(b, node, g, x, placed), placed));
});

/** y = (Σ |x|ᵖ)^(1/p), so ∂x = sign(x) |x|ᵖ⁻¹ Σ g y¹⁻ᵖ. */
const lpPool = unary(({ b, node, g, x, y }) => {
  const p = intOf(node, "p", 2);
  const placed = poolWindow(b, node, x);
  const sums = scatterOnes(b, mul(b, g, normShare(b, y, p)), placed);
  return mul(b, placed.restore(sums), signedPower(b, x, p - 1));
});

/**
 * The gradient goes to the element of the largest value: the first one, where several are. Windows side
 * by side find it themselves, because ONNX Runtime's pooling takes some twenty times as long on the
 * processor if it has to tell indices; for others the op tells the flat index.
 */
const maxPool = unary(({ b, node, g, x, y }) => {
  const placed = poolWindow(b, node, x);
  if (b.dtype(x) === "float32" && isTiling(b, x, y, placed)) {
    return mul(b, upsample(b, g, placed.window), firstOfLargest(b, node, x, y, placed.window));
  }
  return toWinners(b, node, g, x);
});

/** 1 at the first of the largest elements of each tile, 0 elsewhere. */
function firstOfLargest(b: GraphBuilder, node: Node, x: Value, y: Value, window: Window): Value {
  const equal = (left: Value, right: Value) => indicator(b, b.op("Equal", [left, right]), x);
  const rank = mul(b, equal(x, upsample(b, y, window)), placesInTiles(b, x, window));
  const { storage_order: _, ...attributes } = node.attributes;
  const best = b.op("MaxPool", [rank], attributes);
  // Where NaN won, nothing equals it: no place is 1/2.
  const wanted = b.op("Max", [best, constantLike(b, best, 0.5)]);
  return equal(rank, upsample(b, wanted, window));
}

/** Numbers of the places in a tile, row by row, the first one the largest; repeated over the plane. */
function placesInTiles(b: GraphBuilder, x: Value, { kernel }: Window): Value {
  const sizes = staticDims(b, x, 2)!;
  const count = sizeOf(kernel);
  const places = Float32Array.from({ length: sizeOf(sizes) }, (_, i) => {
    let [rest, place, unit] = [i, 0, 1];
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      place += (rest % sizes[axis]! % kernel[axis]!) * unit;
      rest = Math.floor(rest / sizes[axis]!);
      unit *= kernel[axis]!;
    }
    return count - place;
  });
  return b.constant(tensor("float32", [1, 1, ...sizes], places));
}

/** The gradient added up at the flat indices that the op reports. */
function toWinners(b: GraphBuilder, node: Node, g: Value, x: Value): Value {
  const { storage_order: _, ...attributes } = node.attributes;
  // Indices in column-major order of the last two axes would not be flat ones.
  const isRowMajor = intOf(node, "storage_order", 0) === 0;
  const reported = isRowMajor ? node.outputs[1] : undefined;
  const winners = reported || b.node("MaxPool", [x], { attributes, outputs: 2 })[1]!;
  const wide = widen(b, g);
  const zeros = b.op("Expand", [constantLike(b, wide, 0), joinShape(b, [elements(b, x)])]);
  const flat = b.int64s([-1]);
  const sums = b.op("ScatterElements", [
    zeros,
    b.op("Reshape", [winners, flat]),
    b.op("Reshape", [wide, flat]),
  ], { axis: 0, reduction: "add" });
  return castLike(b, b.op("Reshape", [sums, shapeOf(b, x)]), g);
}

const globalAveragePool = unary(({ b, g, x }) => {
  const count = countBetween(b, x, 2);
  const share = typeof count === "number"
    ? scale(b, g, 1 / count)
    : div(b, g, castLike(b, count, g));
  return b.op("Expand", [share, shapeOf(b, x)]);
});

/** Elements that share the maximum share its gradient. */
const globalMaxPool = unary(({ b, g, x, y }) => {
  const axes = between(2, rankOf(b, x));
  // A 16-bit output is rounded where the runtime may keep the input unrounded.
  const wide = widen(b, x);
  const top = wide === x ? y : b.op("ReduceMax", [wide, b.int64s(axes)], { keepdims: 1 });
  const winners = indicator(b, b.op("Equal", [wide, top]), g);
  const count = reduceSum(b, winners, axes, true);
  return mul(b, winners, div(b, g, count));
});

const globalLpPool = unary(({ b, node, g, x, y }) => {
  const p = intOf(node, "p", 2);
  return mul(b, mul(b, g, normShare(b, y, p)), signedPower(b, x, p - 1));
});

/** Each input went to a place of its own, whose flat index is the second input. */
const maxUnpool = unary(({ b, node, g, x }) => {
  const flat = (value: Value) => b.op("Reshape", [value, b.int64s([-1])]);
  const read = b.op("GatherElements", [flat(g), flat(node.inputs[1]!)], { axis: 0 });
  return b.op("Reshape", [read, shapeOf(b, x)]);
});

/** Rules of the pooling family. */
export const poolingRules = {
  AveragePool: averagePool,
  MaxPool: Object.assign(maxPool, { readsOutputs: (node: Node) => areSideBySide(node) ? 1 : 2 }),
  MaxUnpool: maxUnpool,
  LpPool: lpPool,
  GlobalAveragePool: globalAveragePool,
  GlobalMaxPool: globalMaxPool,
  GlobalLpPool: globalLpPool,
} satisfies GradRules;

function poolWindow(b: GraphBuilder, node: Node, x: Value): PlacedWindow {
  return placeWindow(b, node, x, intsOf(node, "kernel_shape")!, intOf(node, "ceil_mode", 0) === 1);
}

function elements(b: GraphBuilder, x: Value): ShapePart {
  const known = staticDims(b, x);
  return known ? sizeOf(known) : b.op("Reshape", [b.op("Size", [x]), b.int64s([1])]);
}

/** Adds each element of `grad` to every input of its window. */
function scatterOnes(b: GraphBuilder, grad: Value, { window, input }: PlacedWindow): Value {
  const kernel = kernelOfOnes(b, window, grad);
  const planes = reshape(b, grad, [-1, 1, shapeBetween(b, grad, 2)]);
  return b.op("Reshape", [
    scatterWindows(b, planes, kernel, input, window, 1),
    shapeOf(b, input),
  ]);
}

/** Whether windows neither overlap nor leave gaps; whether they also end with the input, sizes tell. */
function areSideBySide(node: Node): boolean {
  const kernel = intsOf(node, "kernel_shape") ?? [];
  const strides = intsOf(node, "strides") ?? [];
  return kernel.every((size, axis) => size === strides[axis]);
}

/** Whether the windows cover the input once, side by side. */
function isTiling(b: GraphBuilder, x: Value, y: Value, { window, input }: PlacedWindow): boolean {
  const sizes = staticDims(b, x, 2);
  const counts = staticDims(b, y, 2);
  const { kernel, strides, dilations, begin, end } = window;
  return input === x &&
    kernel.every((size, axis) =>
      size === strides[axis] && dilations[axis] === 1 && begin[axis] === 0 && end[axis] === 0 &&
      sizes !== undefined && sizes[axis] === counts?.[axis]! * size
    );
}

/** g / count, repeated over each tile. */
function spreadTiles(b: GraphBuilder, g: Value, window: Window): Value {
  return upsample(b, scale(b, g, 1 / sizeOf(window.kernel)), window);
}

/** Each element, repeated over its tile. */
function upsample(b: GraphBuilder, x: Value, { kernel }: Window): Value {
  const scales = Float32Array.of(1, 1, ...kernel);
  return b.op("Resize", [
    x,
    undefined,
    b.constant(tensor("float32", [scales.length], scales)),
  ], { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" });
}

/** g / count, with the number of elements that the mean of each window was taken over. */
function averageShare(
  b: GraphBuilder,
  node: Node,
  g: Value,
  x: Value,
  placed: PlacedWindow,
): Value {
  const { window } = placed;
  const includePad = intOf(node, "count_include_pad", 0) === 1;
  const padded = placed.input !== x || [...window.begin, ...window.end].some((pad) => pad !== 0);
  if (!window.ceil && (includePad || !padded)) return scale(b, g, 1 / sizeOf(window.kernel));
  const counts = placed.input === x ? staticCounts(b, x, g, window, includePad) : undefined;
  return div(b, g, counts ? castLike(b, counts, g) : countedByGraph(b, node, g, x, placed));
}

/** Elements per window: a product over the axes of those inside the input (or its padding). */
function staticCounts(
  b: GraphBuilder,
  x: Value,
  g: Value,
  window: Window,
  includePad: boolean,
): Value | undefined {
  const sizes = staticDims(b, x, 2);
  const counts = staticDims(b, g, 2);
  if (sizes === undefined || counts === undefined) return undefined;
  if (sizeOf(counts) > longestRange) return undefined;
  const perAxis = sizes.map((size, axis) => {
    const [begin, end] = [window.begin[axis]!, window.end[axis]!];
    const [low, high] = includePad ? [-begin, size + end] : [0, size];
    const [kernel, step] = [window.kernel[axis]!, window.dilations[axis]!];
    // Elements k of the window with start + k·step < bound.
    const below = (bound: number, start: number) =>
      Math.min(kernel, Math.max(0, Math.ceil((bound - start) / step)));
    return between(0, counts[axis]!).map((o) => {
      const start = o * window.strides[axis]! - begin;
      return below(high, start) - below(low, start);
    });
  });
  const products = perAxis.reduce(
    (left, right) => left.flatMap((l) => right.map((r) => l * r)),
    [1],
  );
  return b.constant(tensor("float32", [1, 1, ...counts], Float32Array.from(products)));
}

/** The same counts as a convolution of ones, where sizes are known at run time only. */
function countedByGraph(
  b: GraphBuilder,
  node: Node,
  g: Value,
  x: Value,
  placed: PlacedWindow,
): Value {
  const { window } = placed;
  const includePad = intOf(node, "count_include_pad", 0) === 1;
  const pads = b.int64s(window.begin.map((begin, axis) => begin + window.end[axis]!));
  const inner = shapeBetween(b, x, 2);
  const sizes = includePad ? b.op("Add", [inner, pads]) : inner;
  const plane = b.op("Expand", [constantLike(b, g, 1), joinShape(b, [1, 1, sizes])]);
  const ones = placed.input === x ? plane : placeWindow(b, node, plane, window.kernel).input;
  const room = window.strides.map((stride, axis) =>
    (includePad ? 0 : window.end[axis]!) + (window.ceil ? stride - 1 : 0)
  );
  const counts = b.op("Conv", [ones, kernelOfOnes(b, window, g)], {
    strides: window.strides,
    dilations: window.dilations,
    pads: [...window.begin.map((begin) => includePad ? 0 : begin), ...room],
  });
  return cropLike(b, counts, g, window);
}

function kernelOfOnes(b: GraphBuilder, window: Window, like: Value): Value {
  return b.op("Expand", [constantLike(b, like, 1), b.int64s([1, 1, ...window.kernel])]);
}

/** y¹⁻ᵖ, and 0 where the norm is 0. */
function normShare(b: GraphBuilder, y: Value, p: number): Value {
  if (p === 1) return constantLike(b, y, 1);
  const zero = b.op("Equal", [y, constantLike(b, y, 0)]);
  const power = p === 2 ? b.op("Reciprocal", [y]) : b.op("Pow", [y, constantLike(b, y, 1 - p)]);
  return dropWhere(b, zero, power);
}

/** sign(x) |x|ᵖ */
function signedPower(b: GraphBuilder, x: Value, p: number): Value {
  if (p === 1) return x;
  const sign = b.op("Sign", [x]);
  return p === 0 ? sign : mul(b, sign, b.op("Pow", [b.op("Abs", [x]), constantLike(b, x, p)]));
}
