/**
 * Discrete Fourier transforms. The transform is a matrix F with Fᴴ F = N, so the transposed map of
 * the forward one is N times the inverse one, and that of the inverse one is the forward one over N.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { intOf } from "../engine/attributes.ts";
import {
  castLike,
  constantInts,
  dimOf,
  div,
  mul,
  padZeros,
  rankOf,
  sub,
} from "../engine/expressions.ts";
import { normalizeAxis } from "../../onnx/ir/axis.ts";
import { refuse } from "../engine/refuse.ts";
import { type GradRules, unary } from "../engine/rule.ts";

const transform = unary(({ b, node, g, x, y }) => {
  const inverse = intOf(node, "inverse", 0) === 1;
  const onesided = intOf(node, "onesided", 0) === 1;
  refuse(node, inverse && onesided, "it is inverse and one-sided");
  const axis = axisOf(b, node);
  const length = node.inputs[1] ? asVector(b, node.inputs[1]) : dimOf(b, x, axis);
  const whole = onesided ? fill(b, g, axis, sub(b, length, dimOf(b, y, axis))) : g;
  const back = applied(b, whole, axis, inverse ? 0 : 1);
  const size = castLike(b, length, g);
  const scaled = inverse ? div(b, back, size) : mul(b, back, size);
  const fitted = node.inputs[1] ? fit(b, scaled, axis, length, dimOf(b, x, axis)) : scaled;
  // Of a real signal the real part counts.
  const parts = dimOf(b, x, rankOf(b, x) - 1);
  return b.dims(x)!.at(-1) === 2 ? fitted : take(b, fitted, -1, parts);
});

/** Rule of DFT. */
export const fourierRules = { DFT: transform } satisfies GradRules;

/** An attribute before opset 20, an input from then on. */
function axisOf(b: GraphBuilder, node: Node): number {
  const rank = rankOf(b, node.inputs[0]!);
  if (b.opset < 20) return normalizeAxis(intOf(node, "axis", 1), rank);
  const given = node.inputs[2] ? constantInts(b, node.inputs[2]) : [-2];
  refuse(node, given === undefined, "its axis is known at run time only");
  return normalizeAxis(given![0]!, rank);
}

function applied(b: GraphBuilder, x: Value, axis: number, inverse: number): Value {
  return b.opset < 20
    ? b.op("DFT", [x], { axis, inverse })
    : b.op("DFT", [x, undefined, b.scalar(axis, "int64")], { inverse });
}

function asVector(b: GraphBuilder, scalar: Value): Value {
  return b.op("Reshape", [scalar, b.int64s([1])]);
}

/** Zeros after the elements of an axis. */
function fill(b: GraphBuilder, x: Value, axis: number, count: Value): Value {
  return padZeros(b, x, [{ axis, before: b.int64s([0]), after: count }]);
}

/** The first `count` elements along an axis. */
function take(b: GraphBuilder, x: Value, axis: number, count: Value): Value {
  return b.op("Slice", [x, b.int64s([0]), count, b.int64s([axis])]);
}

/** The transform had cut its input to `length`, or filled it up with zeros. */
function fit(b: GraphBuilder, x: Value, axis: number, length: Value, wanted: Value): Value {
  const missing = b.op("Max", [sub(b, wanted, length), b.int64s([0])]);
  return take(b, fill(b, x, axis, missing), axis, wanted);
}
