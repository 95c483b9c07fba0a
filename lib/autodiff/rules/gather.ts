/** The transpose of Gather: rows of the gradient are added at the places they came from. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import {
  castLike,
  castTo,
  constantInts,
  constantLike,
  padZeros,
  range,
  rankOf,
  widen,
} from "../engine/expressions.ts";

/** Zeros of a shape given as a list of values of shape [n]. */
function zerosOf(b: GraphBuilder, like: Value, parts: readonly Value[]): Value {
  const known = parts.map((part) => constantInts(b, part));
  const shape = known.every((part) => part !== undefined)
    ? b.int64s(known.flat() as number[])
    : b.op("Concat", parts, { axis: 0 });
  return b.op("Expand", [constantLike(b, like, 0), shape]);
}

/** Dims of a value from one axis to another, as an int64 list; `undefined` if there are none. */
function dimsBetween(b: GraphBuilder, x: Value, start: number, end: number): Value[] {
  if (start >= end) return [];
  const dims = b.dims(x)?.slice(start, end);
  if (dims?.every((dim) => typeof dim === "number")) return [b.int64s(dims)];
  return [b.op("Shape", [x], { start, end })];
}

/** A single element known at build time is padded into place. */
function padInto(b: GraphBuilder, g: Value, index: number, axis: number, size: number): Value {
  const start = index < 0 ? index + size : index;
  return padZeros(b, g, [{ axis, before: b.int64s([start]), after: b.int64s([size - 1 - start]) }]);
}

/**
 * Gradient of the data of `Gather(data, indices, axis)`.
 *
 * @param g Gradient of the output.
 * @param size Size of the gathered axis, an int64 value of shape [1].
 */
export function gatherGrad(
  b: GraphBuilder,
  g: Value,
  indices: Value,
  axis: number,
  size: Value,
): Value {
  const index = constantInts(b, indices);
  const total = constantInts(b, size)?.[0];
  const depth = rankOf(b, indices);
  if (index?.length === 1 && total !== undefined && depth <= 1) {
    const row = depth === 1 ? g : b.op("Unsqueeze", [g, b.int64s([axis])]);
    return padInto(b, row, index[0]!, axis, total);
  }
  return scatterRows(b, g, indices, axis, size);
}

/** Adds the rows with the gathered axis in front, then moves it back. */
function scatterRows(
  b: GraphBuilder,
  g: Value,
  indices: Value,
  axis: number,
  size: Value,
): Value {
  const rank = rankOf(b, g);
  const depth = rankOf(b, indices);
  const places = range(depth).map((i) => axis + i);
  const others = range(rank).filter((i) => !places.includes(i));
  const wide = widen(b, g);
  const front = axis === 0 ? wide : b.op("Transpose", [wide], { perm: [...places, ...others] });
  const zeros = zerosOf(b, wide, [
    size,
    ...dimsBetween(b, g, 0, axis),
    ...dimsBetween(b, g, axis + depth, rank),
  ]);
  // ScatterND takes int64 only, Gather also int32.
  const targets = b.op("Unsqueeze", [castTo(b, indices, "int64"), b.int64s([-1])]);
  const total = b.op("ScatterND", [zeros, targets, front], { reduction: "add" });
  const sum = castLike(b, total, g);
  if (axis === 0) return sum;
  const restored = range(rank - depth + 1).map((i) => i === axis ? 0 : i < axis ? i + 1 : i);
  return b.op("Transpose", [sum], { perm: restored });
}
