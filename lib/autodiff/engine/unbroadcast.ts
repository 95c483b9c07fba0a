/**
 * Sums a gradient over the axes along which an input was broadcast. Where the shapes are known that
 * is one ReduceSum; where a symbolic dimension may or may not have been broadcast, the axes are
 * found at run time.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Dim } from "../../onnx/ir/model.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { staticDims } from "./dynamic_shape.ts";
import { range, reduceSum, reshapeLike, scale } from "./expressions.ts";

/** `summed`: the input has size 1 where the gradient need not; `maybe`: only the run knows. */
type Fate = "kept" | "summed" | "maybe";

/** @returns `grad` in the shape of `input`. */
export function unbroadcast(b: GraphBuilder, grad: Value, input: Value): Value {
  const from = b.dims(grad);
  const to = b.dims(input);
  if (from === undefined || to === undefined) return sumAtRunTime(b, grad, input);
  const extra = from.length - to.length;
  const fates = to.map((dim, i) => fateOf(dim, from[extra + i]));
  if (extra < 0 || fates.includes("maybe")) return sumAtRunTime(b, grad, input);
  const summed = range(to.length).filter((i) => fates[i] === "summed").map((i) => i + extra);
  return sumAxes(b, grad, input, range(extra), summed);
}

function fateOf(to: Dim, from: Dim | undefined): Fate {
  if (to === from || from === 1) return "kept";
  if (to === 1) return "summed";
  // A number other than 1 is never broadcast.
  return typeof to === "number" ? "kept" : "maybe";
}

function sumAxes(
  b: GraphBuilder,
  grad: Value,
  input: Value,
  extra: readonly number[],
  summed: readonly number[],
): Value {
  if (extra.length === 0 && summed.length === 0) return grad;
  if (extra.length === 0) return planeSum(b, grad, summed) ?? reduceSum(b, grad, summed, true);
  const sum = reduceSum(b, grad, [...extra, ...summed], false);
  return summed.length === 0 ? sum : reshapeLike(b, sum, input);
}

/** All spatial axes at once: an op that ONNX Runtime keeps in the blocked layout of convolutions. */
function planeSum(b: GraphBuilder, grad: Value, summed: readonly number[]): Value | undefined {
  const sizes = staticDims(b, grad, 2);
  if (summed[0] !== 2 || summed.length !== 2 || sizes?.length !== 2) return undefined;
  if (b.dtype(grad) !== "float32") return undefined;
  return scale(b, b.op("GlobalAveragePool", [grad]), sizeOf(sizes));
}

/** Sums over the axes where the input's size, with ones in front, is 1 and the gradient's is not. */
function sumAtRunTime(b: GraphBuilder, grad: Value, input: Value): Value {
  const to = b.op("Shape", [input]);
  const from = b.op("Shape", [grad]);
  const aligned = b.op("Concat", [leadingOnes(b, grad, input), to], { axis: 0 });
  const differs = b.op("Not", [b.op("Equal", [aligned, from])]);
  const axes = b.op("Squeeze", [b.op("NonZero", [differs]), b.int64s([0])]);
  const attributes = { keepdims: 1, noop_with_empty_axes: 1 };
  return b.op("Reshape", [b.op("ReduceSum", [grad, axes], attributes), to]);
}

function leadingOnes(b: GraphBuilder, grad: Value, input: Value): Value {
  const ranks = [b.rank(grad), b.rank(input)];
  if (ranks[0] !== undefined && ranks[1] !== undefined) {
    return b.int64s(range(Math.max(0, ranks[0] - ranks[1])).map(() => 1));
  }
  const rank = (value: Value) => b.op("Shape", [b.op("Shape", [value])]);
  return b.op("Expand", [b.int64s([1]), b.op("Sub", [rank(grad), rank(input)])]);
}
