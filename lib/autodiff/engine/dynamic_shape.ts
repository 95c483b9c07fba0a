/**
 * Shapes put together from parts: constants where the parts are known while the graph is built,
 * computed by the graph where they are not.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import { constantInts, isStatic, range } from "./expressions.ts";

/** Part of a shape: a size (or `-1` or `0`, as Reshape reads them), or a 1-D int64 value of sizes. */
export type ShapePart = number | Value;

/** The integers from `start` to `end`, without `end`. @throws {BuildError} As `range` does. */
export function between(start: number, end: number): number[] {
  return range(Math.max(0, end - start)).map((i) => start + i);
}

/** Dimensions `start` to `end` of `x` as numbers, or `undefined` if one of them is not known. */
export function staticDims(
  b: GraphBuilder,
  x: Value,
  start = 0,
  end?: number,
): readonly number[] | undefined {
  const dims = b.dims(x)?.slice(start, end);
  return isStatic(dims) ? dims : undefined;
}

/** Dimensions `start` to `end` of `x` as a 1-D int64 value. */
export function shapeBetween(b: GraphBuilder, x: Value, start: number, end?: number): Value {
  const known = staticDims(b, x, start, end);
  if (known !== undefined) return b.int64s(known);
  return b.op("Shape", [x], { start, ...(end === undefined ? {} : { end }) });
}

/** One dimension of `x`: its size if known, else a 1-D int64 value of one element. */
export function sizePart(b: GraphBuilder, x: Value, axis: number): ShapePart {
  const dim = b.dims(x)?.[axis];
  return typeof dim === "number" ? dim : b.op("Shape", [x], { start: axis, end: axis + 1 });
}

/** Joins parts of a shape into one 1-D int64 value. */
export function joinShape(b: GraphBuilder, parts: readonly ShapePart[]): Value {
  const pieces: (Value | number[])[] = [];
  for (const part of parts) {
    const sizes = typeof part === "number" ? [part] : constantInts(b, part);
    const last = pieces.at(-1);
    if (sizes === undefined) pieces.push(part as Value);
    else if (Array.isArray(last)) last.push(...sizes);
    else pieces.push([...sizes]);
  }
  const values = pieces.map((piece) => Array.isArray(piece) ? b.int64s(piece) : piece);
  return values.length === 1 ? values[0]! : b.op("Concat", values, { axis: 0 });
}

/** `x` in a shape joined from parts. */
export function reshape(b: GraphBuilder, x: Value, parts: readonly ShapePart[]): Value {
  return b.op("Reshape", [x, joinShape(b, parts)]);
}

/** The product of the dimensions from `start` to `end`, or a scalar int64 value of it. */
export function countBetween(b: GraphBuilder, x: Value, start: number, end?: number): ShapePart {
  const known = staticDims(b, x, start, end);
  if (known !== undefined) return known.reduce((product, dim) => product * dim, 1);
  return b.op("ReduceProd", [shapeBetween(b, x, start, end)], { keepdims: 0 });
}
