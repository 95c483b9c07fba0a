/**
 * Short names for the few expressions that most rules are made of. Constants take the element type
 * of the value they meet, shapes are constants where they are known at build time.
 *
 * @module
 */
import { BuildError, float, type GraphBuilder, type Value } from "../../onnx/build/builder.ts";
import type { Dim } from "../../onnx/ir/model.ts";
import { dataTypeOf, isDType } from "../../onnx/ir/data_type.ts";
import { toNumbers } from "../../tensor/convert.ts";
import type { DType } from "../../tensor/dtype.ts";
import { dtypes } from "../../tensor/dtype.ts";

/** x + z */
export const add = (b: GraphBuilder, x: Value, z: Value): Value => broadcast(b, "Add", x, z);
/** x − z */
export const sub = (b: GraphBuilder, x: Value, z: Value): Value => broadcast(b, "Sub", x, z);
/** x · z, element by element */
export const mul = (b: GraphBuilder, x: Value, z: Value): Value => broadcast(b, "Mul", x, z);
/** x / z */
export const div = (b: GraphBuilder, x: Value, z: Value): Value => broadcast(b, "Div", x, z);
/** −x */
export const neg = (b: GraphBuilder, x: Value): Value => b.op("Neg", [x]);
/** condition ? x : z */
export const where = (b: GraphBuilder, condition: Value, x: Value, z: Value): Value =>
  b.op("Where", [condition, x, z]);

/** An op that broadcasts; an operand that was expanded to the shape of the other is taken as it was. */
function broadcast(b: GraphBuilder, op: string, x: Value, z: Value): Value {
  const left = unexpanded(b, x, z);
  return b.op(op, [left, left === x ? unexpanded(b, z, x) : z]);
}

function unexpanded(b: GraphBuilder, x: Value, other: Value): Value {
  const node = b.producer(x);
  return node?.opType === "Expand" && sameDims(b.dims(x), b.dims(other)) ? node.inputs[0]! : x;
}

/** A scalar constant of the element type of `like`. */
export function constantLike(b: GraphBuilder, like: Value, value: number): Value {
  return b.scalar(value, b.dtype(like));
}

/** x · k; of a multiple the multiple. */
export function scale(b: GraphBuilder, x: Value, k: number): Value {
  if (k === 1) return x;
  const node = b.producer(x);
  if (node?.opType === "Expand") {
    return b.op("Expand", [scale(b, node.inputs[0]!, k), node.inputs[1]]);
  }
  const [base, z] = node?.opType === "Mul" ? node.inputs : [];
  const inner = z !== undefined && b.rank(z) === 0 ? numberOf(b, z) : undefined;
  return inner === undefined ? multiple(b, x, k) : multiple(b, base!, k * inner);
}

function multiple(b: GraphBuilder, x: Value, k: number): Value {
  if (k === 1) return x;
  return k === -1 ? neg(b, x) : mul(b, x, constantLike(b, x, k));
}

/** condition ? x : 0 */
export function keepWhere(b: GraphBuilder, condition: Value, x: Value): Value {
  return where(b, condition, x, constantLike(b, x, 0));
}

/** condition ? 0 : x */
export function dropWhere(b: GraphBuilder, condition: Value, x: Value): Value {
  return where(b, condition, constantLike(b, x, 0), x);
}

/** The value with another element type; itself if it has it already. */
export function castTo(b: GraphBuilder, x: Value, dtype: DType): Value {
  const packed = b.type(x) !== undefined && !isDType(b.type(x)!.dtype);
  return packed || b.dtype(x) !== dtype ? b.op("Cast", [x], { to: dataTypeOf[dtype] }) : x;
}

/** 1 where the condition holds, 0 elsewhere, in the element type of `like`. */
export function indicator(b: GraphBuilder, condition: Value, like: Value): Value {
  return b.op("Cast", [condition], { to: dataTypeOf[b.dtype(like)] });
}

/**
 * condition ? x : 0 for a finite x: a product, because ONNX Runtime's Where takes some twenty times as
 * long on the processor. Where x may be infinite or NaN, {@link keepWhere} is the one that stops it.
 */
export function maskBy(b: GraphBuilder, condition: Value, x: Value): Value {
  return mul(b, x, indicator(b, condition, x));
}

/**
 * 1 where x > bound, else 0; with `side` −1, where x < bound. One pass instead of a comparison and a
 * cast: a line so steep that every float32 beside the bound is cut off at 0 or 1.
 */
export function step(b: GraphBuilder, x: Value, bound: number, side: 1 | -1 = 1): Value {
  const slope = bound === 0 ? steepest : steep;
  if (b.dtype(x) !== "float32" || !isSteepAt(bound)) {
    const relation = side === 1 ? "Greater" : "Less";
    return indicator(b, b.op(relation, [x, constantLike(b, x, bound)]), x);
  }
  const attributes = { alpha: float(side * slope), beta: float(-side * slope * bound) };
  return b.op("HardSigmoid", [x], attributes);
}

/** Takes the smallest normal float32 to 1. */
const steepest = 2 ** 126;
/** Takes the distance from a bound to its neighbours to more than 1, and the bound to a float32. */
const steep = 2 ** 64;

function isSteepAt(bound: number): boolean {
  const size = Math.abs(bound);
  return size === 0 || (size >= 2 ** -39 && size <= 2 ** 62 && Math.fround(bound) === bound);
}

/**
 * 1 − x for an x between 0 and 1: unlike a subtraction, an op that ONNX Runtime keeps in the blocked
 * layout of the convolutions around it.
 */
export function complement(b: GraphBuilder, x: Value): Value {
  if (b.dtype(x) !== "float32") return sub(b, constantLike(b, x, 1), x);
  return b.op("HardSigmoid", [x], { alpha: float(-1), beta: float(1) });
}

/** Whether the slope of a HardSigmoid makes it a {@link step}, of which the derivative is 0. */
export function isStep(alpha: number): boolean {
  return Math.abs(alpha) >= steep;
}

/** Whether the value holds 16-bit floats, whose sums need a wider type. */
export function isHalf(b: GraphBuilder, x: Value): boolean {
  return dtypes[b.dtype(x)].float && dtypes[b.dtype(x)].bytes === 2;
}

/** Float32 instead of 16-bit floats, other types as they are. */
export function widen(b: GraphBuilder, x: Value): Value {
  return isHalf(b, x) ? castTo(b, x, "float32") : x;
}

/** The value in the element type of `like`. */
export function castLike(b: GraphBuilder, x: Value, like: Value): Value {
  return castTo(b, x, b.dtype(like));
}

/** Whether every dimension is a number. */
export function isStatic(dims: readonly Dim[] | undefined): dims is readonly number[] {
  return dims !== undefined && dims.every((dim) => typeof dim === "number");
}

/** The shape as a 1-D int64 value: a constant where it is known. */
export function shapeOf(b: GraphBuilder, x: Value): Value {
  const dims = b.dims(x);
  return isStatic(dims) ? b.int64s(dims) : b.op("Shape", [x]);
}

/** One dimension as an int64 value of shape [1]. */
export function dimOf(b: GraphBuilder, x: Value, axis: number): Value {
  const dim = b.dims(x)?.[axis];
  if (typeof dim === "number") return b.int64s([dim]);
  return b.op("Shape", [x], { start: axis, end: axis + 1 });
}

/** Zeros of the shape and element type of `x`. */
export function zerosLike(b: GraphBuilder, x: Value): Value {
  return b.op("Expand", [constantLike(b, x, 0), shapeOf(b, x)]);
}

/** `x` in the shape of `like`, which has as many elements. */
export function reshapeLike(b: GraphBuilder, x: Value, like: Value): Value {
  const dims = b.dims(like);
  if (dims !== undefined && sameDims(b.dims(x), dims)) return x;
  const symbols = dims?.filter((dim) => typeof dim !== "number").length;
  // A zero would mean "copy", and leaves -1 undetermined.
  if (dims === undefined || symbols! > 1 || dims.includes(0)) {
    return b.op("Reshape", [x, b.op("Shape", [like])], { allowzero: 1 });
  }
  return b.op("Reshape", [x, b.int64s(dims.map((dim) => typeof dim === "number" ? dim : -1))]);
}

/** Whether two shapes are known to be equal. */
export function sameDims(x: readonly Dim[] | undefined, z: readonly Dim[] | undefined): boolean {
  if (x === undefined || z === undefined || x.length !== z.length) return false;
  return x.every((dim, i) => dim === z[i]);
}

/** Sum over axes. */
export function reduceSum(
  b: GraphBuilder,
  x: Value,
  axes: readonly number[],
  keep: boolean,
): Value {
  return b.op("ReduceSum", [x, b.int64s(axes)], { keepdims: keep ? 1 : 0 });
}

/** Mean over axes, which are kept with size 1. */
export function reduceMean(b: GraphBuilder, x: Value, axes: readonly number[]): Value {
  return b.op("ReduceMean", [x, b.int64s(axes)], { keepdims: 1 });
}

/** Rank of a value. @throws {TypeError} If it is not known. */
export function rankOf(b: GraphBuilder, x: Value): number {
  const rank = b.rank(x);
  if (rank !== undefined) return rank;
  throw new TypeError(`Cannot build a gradient: the rank of "${x}" is unknown`);
}

/**
 * Longer lists than any graph is made of: what asks for one does not mean it. Constants that grow with
 * sizes of the model have at most as many elements; beyond that the graph computes them.
 */
export const longestRange = 1 << 20;

/** The integers 0, 1, … n−1. @throws {BuildError} If there are more than a graph can be made of. */
export function range(n: number): number[] {
  if (!(n <= longestRange)) {
    throw new BuildError(`Cannot list ${n} numbers: that is more than a graph has`);
  }
  return Array.from({ length: n }, (_, i) => i);
}

/** Integers of a constant; `undefined` if it is not known at build time. */
export function constantInts(b: GraphBuilder, x: Value | undefined): number[] | undefined {
  if (x === undefined || x === "") return undefined;
  const constant = b.constantOf(x);
  return constant === undefined ? undefined : Array.from(constant.data, Number);
}

/** The number that a value is at build time, if it is one. */
export function numberOf(b: GraphBuilder, x: Value): number | undefined {
  const constant = b.constantOf(x);
  return constant?.data.length === 1 ? toNumbers(constant)[0] : undefined;
}

/** Zeros to put around one axis: numbers, or int64 values of shape [1]. */
export interface Padding {
  readonly axis: number;
  readonly before: Value;
  readonly after: Value;
}

/**
 * Puts zeros around some axes. All axes are listed: ONNX Runtime's transpose optimiser (1.30)
 * permutes the pads as if the op had no `axes` input.
 */
export function padZeros(b: GraphBuilder, x: Value, paddings: readonly Padding[]): Value {
  const zero = b.int64s([0]);
  const at = (side: "before" | "after") =>
    range(rankOf(b, x)).map((axis) => paddings.find((p) => p.axis === axis)?.[side] ?? zero);
  return b.op("Pad", [x, b.op("Concat", [...at("before"), ...at("after")], { axis: 0 })]);
}
