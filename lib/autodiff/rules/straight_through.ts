/**
 * Activations rounded to integers, with the straight-through estimator (Bengio et al. 2013): the
 * rounding counts as the identity, saturation as the clamp it is (Jacob et al. 2018). The gradient
 * of an integer value is that of the real number q which the integer approximates. These rules are
 * met only by models differentiated with `straightThrough`.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import type { DType } from "../../tensor/dtype.ts";
import {
  add,
  castLike,
  constantLike,
  div,
  maskBy,
  mul,
  neg,
  sub,
  widen,
} from "../engine/expressions.ts";
import { refuse } from "../engine/refuse.ts";
import type { GradRule, GradRules } from "../engine/rule.ts";
import { convolutionRules } from "./convolution.ts";
import { matmulRules } from "./matmul.ts";
import { factorAlong, sumToFactor } from "./quantization_axis.ts";

/** q = x / s + zero point: ∂x = g / s and ∂s = −g x / s² where q is in the range of its type. */
const quantizeLinear: GradRule = (node, { builder: b, outputGrads: [g], needs }) => {
  if (g === undefined) return [];
  const [x, factor] = node.inputs as [Value, Value];
  const s = castLike(b, factorAlong(b, node, factor), g);
  const kept = (value: Value) => maskBy(b, inRange(b, node), value);
  const slope = () => div(b, mul(b, kept(g), castLike(b, x, g)), mul(b, s, s));
  return [
    needs(0) ? castLike(b, kept(quotient(b, g, s)), x) : undefined,
    needs(1) ? castLike(b, neg(b, sumToFactor(b, node, slope())), factor) : undefined,
  ];
};

/**
 * The scale is taken from the data, so nothing saturates. Its own gradient would cancel against that
 * of the product with it, up to rounding, so both are left out.
 */
const dynamicQuantizeLinear: GradRule = (node, { builder: b, outputGrads: [g], needs }) => {
  if (g === undefined || !needs(0)) return [];
  return [castLike(b, quotient(b, g, castLike(b, node.outputs[1]!, g)), node.inputs[0]!)];
};

/** (A − a₀)(B − b₀) */
const matMulInteger: GradRule = (node, context) => {
  const g = context.outputGrads[0];
  if (g === undefined) return [];
  const inputs = matMulFactors(context.builder, node, g);
  return matmulRules.MatMul({ ...node, opType: "MatMul", inputs }, context);
};

/** A − a₀ and B − b₀, in the type of a value. */
export function matMulFactors(b: GraphBuilder, node: Node, like: Value): [Value, Value] {
  const [x, w, origin, point] = node.inputs as [Value, Value, Value?, Value?];
  const rows = origin && b.rank(origin) === 1 && b.dims(origin)![0] !== 1
    ? b.op("Unsqueeze", [origin, b.int64s([-1])])
    : origin;
  return [centred(b, x, rows, like), centred(b, w, point, like)];
}

/** The convolution of (x − x₀) by (w − w₀). */
const convInteger: GradRule = (node, context) => {
  const g = context.outputGrads[0];
  if (g === undefined) return [];
  const [x, w] = convFactors(context.builder, node, g);
  // The input's elements matter to the weight's gradient only, its shape to both.
  const inputs = [context.needs(1) ? x : node.inputs[0]!, w];
  return convolutionRules.Conv({ ...node, opType: "Conv", inputs }, context);
};

/** x − x₀ and w − w₀, in the type of a value. */
export function convFactors(b: GraphBuilder, node: Node, like: Value): [Value, Value] {
  const [x, w, origin, point] = node.inputs as [Value, Value, Value?, Value?];
  const perChannel = point && b.rank(point) === 1 && b.dims(point)![0] !== 1
    ? b.op("Reshape", [point, b.int64s([-1, ...b.dims(w)!.slice(1).map(() => 1)])])
    : point;
  return [centred(b, x, origin, like), centred(b, w, perChannel, like)];
}

/** Rules of ops that round activations, or compute with rounded ones. */
export const straightThroughRules = {
  QuantizeLinear: quantizeLinear,
  "com.microsoft.QuantizeLinear": quantizeLinear,
  DynamicQuantizeLinear: dynamicQuantizeLinear,
  MatMulInteger: matMulInteger,
  ConvInteger: convInteger,
} satisfies GradRules;

/** Integers minus their zero point, in the type of the gradient. */
function centred(b: GraphBuilder, x: Value, origin: Value | undefined, like: Value): Value {
  const value = castLike(b, x, like);
  return origin ? sub(b, value, castLike(b, origin, like)) : value;
}

/** g / s; what was just multiplied by s is taken as it was. */
function quotient(b: GraphBuilder, g: Value, s: Value): Value {
  const node = b.producer(g);
  if (node?.opType === "Mul" && node.inputs[1] === s) return node.inputs[0]!;
  return div(b, g, s);
}

/** Smallest and largest number of a type that is rounded to. */
export const bounds: Partial<Record<DType, readonly [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
};

/** Whether x rounds to a number of the type. */
function inRange(b: GraphBuilder, node: Node): Value {
  const [x, factor, point] = node.inputs as [Value, Value, Value?];
  const dtype = b.dtype(node.outputs[0]!);
  const range = bounds[dtype];
  refuse(node, range === undefined, `it rounds to ${dtype}`);
  const [low, high] = range!;
  const steps = div(b, widen(b, x), castLike(b, factorAlong(b, node, factor), widen(b, x)));
  const origin = point && castLike(b, factorAlong(b, node, point), steps);
  const q = origin ? add(b, steps, origin) : steps;
  const above = b.op("GreaterOrEqual", [q, constantLike(b, q, low - 0.5)]);
  return b.op("And", [above, b.op("LessOrEqual", [q, constantLike(b, q, high + 0.5)])]);
}
