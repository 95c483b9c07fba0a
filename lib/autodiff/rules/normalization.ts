/**
 * Normalisations. With n = (x − mean) · r over some axes, r = 1/√(var + ε), and h the gradient of n,
 * ∂x = r · (h − mean(h) − n · mean(h n)) (Ba et al. 2016, appendix); without the mean it is
 * r · (h − n · mean(h n)) (Zhang & Sennrich 2019). Statistics of 16-bit floats are float32.
 *
 * @module
 */
import { float, type GraphBuilder, type Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { floatOf, intOf, intsOf } from "../engine/attributes.ts";
import { countBetween } from "../engine/dynamic_shape.ts";
import {
  add,
  castLike,
  castTo,
  constantLike,
  div,
  dropWhere,
  mul,
  neg,
  padZeros,
  range,
  rankOf,
  reduceMean,
  reduceSum,
  reshapeLike,
  sameDims,
  scale,
  shapeOf,
  sub,
  widen,
} from "../engine/expressions.ts";
import { normalizeAxis } from "../../onnx/ir/axis.ts";
import {
  type Decompositions,
  elementwise,
  type GradContext,
  type GradRule,
  type GradRules,
  linear,
  unary,
} from "../engine/rule.ts";

/** x · x⁻¹ of the statistics. */
const square = (b: GraphBuilder, x: Value): Value => mul(b, x, x);

/** 1/√(mean(x²) + ε) over axes. */
function inverseDeviation(b: GraphBuilder, x: Value, axes: readonly number[], epsilon: number) {
  const variance = reduceMean(b, square(b, x), axes);
  return b.op("Reciprocal", [b.op("Sqrt", [add(b, variance, constantLike(b, x, epsilon))])]);
}

/** r · (h − mean(h) − c r² mean(h c)) with c = x − mean; the mean of h only if the mean of x counts. */
function centeredGrad(
  b: GraphBuilder,
  h: Value,
  c: Value,
  r: Value,
  axes: readonly number[],
  centered: boolean,
): Value {
  const pull = mul(b, reduceMean(b, mul(b, h, c), axes), square(b, r));
  const rest = sub(b, h, mul(b, c, pull));
  return mul(b, centered ? sub(b, rest, reduceMean(b, h, axes)) : rest, r);
}

/** Gradients of y = n · scale + bias, where n normalises the last axes of x. */
function affineGrads(
  node: Node,
  { builder: b, outputGrads, needs }: GradContext,
  c: Value,
  r: Value,
  axes: readonly number[],
  centered: boolean,
): (Value | undefined)[] {
  const g = widen(b, outputGrads[0]!);
  const weight = node.inputs[1] ? widen(b, node.inputs[1]) : undefined;
  const h = () => weight === undefined ? g : mul(b, g, weight);
  const narrow = (value: Value) => castLike(b, value, outputGrads[0]!);
  return [
    needs(0) ? narrow(centeredGrad(b, h(), c, r, axes, centered)) : undefined,
    needs(1) ? narrow(mul(b, g, mul(b, c, r))) : undefined,
    needs(2) ? outputGrads[0] : undefined,
  ];
}

function trailingAxes(b: GraphBuilder, node: Node): number[] {
  const rank = rankOf(b, node.inputs[0]!);
  return range(rank).slice(normalizeAxis(intOf(node, "axis", -1), rank));
}

/** Adds to the gradient of x what comes through the statistics that the op also gives. */
function plusStatistics(
  b: GraphBuilder,
  grads: readonly (Value | undefined)[],
  x: Value,
  more: readonly (Value | undefined)[],
): (Value | undefined)[] {
  const parts = [grads[0], ...more.map((value) => value && castLike(b, value, x))]
    .filter((part) => part !== undefined);
  const total = parts.reduce<Value | undefined>(
    (sum, part) => sum ? add(b, sum, part) : part,
    undefined,
  );
  return [total && elementsLike(b, total, x), ...grads.slice(1)];
}

/** A gradient of the statistics alone has their shape. */
function elementsLike(b: GraphBuilder, grad: Value, x: Value): Value {
  return sameDims(b.dims(grad), b.dims(x)) ? grad : b.op("Expand", [grad, shapeOf(b, x)]);
}

/** Gradient of x through r = 1/√(mean(c²) + ε): −r³ c / n. */
function deviationGrad(b: GraphBuilder, g: Value, c: Value, r: Value, axes: readonly number[]) {
  const cubed = mul(b, square(b, r), r);
  return neg(b, mul(b, meanShare(b, mul(b, g, cubed), c, axes), c));
}

/** g / n, n being the number of elements along the axes. */
function meanShare(b: GraphBuilder, g: Value, x: Value, axes: readonly number[]): Value {
  const count = countBetween(b, x, axes[0]!);
  return typeof count === "number" ? scale(b, g, 1 / count) : div(b, g, castLike(b, count, g));
}

/** The op gives mean and r as its second and third output, but in float32 also for float64. */
function layerStatistics(b: GraphBuilder, node: Node, axes: readonly number[]) {
  const x = widen(b, node.inputs[0]!);
  const [, mean, r] = node.outputs as [Value, Value, Value];
  if (b.dtype(x) !== "float64") return { c: sub(b, x, mean), r };
  const c = sub(b, x, reduceMean(b, x, axes));
  return { c, r: inverseDeviation(b, c, axes, floatOf(node, "epsilon", 1e-5)) };
}

const layerNorm: GradRule = Object.assign(
  elementwise((node, context) => {
    const { builder: b, outputGrads: [g, meanGrad, deviation], needs } = context;
    const axes = trailingAxes(b, node);
    const { c, r } = layerStatistics(b, node, axes);
    const grads = g === undefined ? [] : affineGrads(node, context, c, r, axes, true);
    if (!needs(0) || (meanGrad ?? deviation) === undefined) return grads;
    return plusStatistics(b, grads, node.inputs[0]!, [
      meanGrad && meanShare(b, meanGrad, c, axes),
      deviation && deviationGrad(b, deviation, c, r, axes),
    ]);
  }),
  { readsOutputs: 3 },
);

/** SimplifiedLayerNormalization gives r as its second output. */
const rmsNorm: GradRule = elementwise((node, context) => {
  const { builder: b, outputGrads: [g, deviation], needs } = context;
  const axes = trailingAxes(b, node);
  const x = widen(b, node.inputs[0]!);
  const r = inverseDeviation(b, x, axes, floatOf(node, "epsilon", 1e-5));
  const grads = g === undefined ? [] : affineGrads(node, context, x, r, axes, false);
  if (!needs(0) || deviation === undefined) return grads;
  return plusStatistics(b, grads, node.inputs[0]!, [deviationGrad(b, deviation, x, r, axes)]);
});

/** A value per channel, to be broadcast over [N, C, …]. */
function perChannel(b: GraphBuilder, value: Value, rank: number): Value {
  return b.op("Reshape", [value, b.int64s([-1, ...range(rank - 2).map(() => 1)])]);
}

const instanceNorm: GradRule = (node, { builder: b, outputGrads: [narrow], needs }) => {
  if (narrow === undefined) return [];
  const rank = rankOf(b, node.inputs[0]!);
  const axes = range(rank).slice(2);
  const [x, g] = [widen(b, node.inputs[0]!), widen(b, narrow)];
  const c = sub(b, x, reduceMean(b, x, axes));
  const r = inverseDeviation(b, c, axes, floatOf(node, "epsilon", 1e-5));
  const h = mul(b, g, perChannel(b, widen(b, node.inputs[1]!), rank));
  const others = range(rank).filter((axis) => axis !== 1);
  const sum = (value: Value) => castLike(b, reduceSum(b, value, others, false), narrow);
  return [
    needs(0) ? castLike(b, centeredGrad(b, h, c, r, axes, true), narrow) : undefined,
    needs(1) ? sum(mul(b, g, mul(b, c, r))) : undefined,
    needs(2) ? sum(g) : undefined,
  ];
};

/**
 * Statistics are inputs, those of a batch too by now. y = (x − mean) · scale / √(var + ε) + bias. Input,
 * scale and statistics may be of different types (opset 15): the widest counts, at least float32.
 */
const batchNorm: GradRule = (node, { builder: b, outputGrads: [narrow], needs }) => {
  if (narrow === undefined) return [];
  const type = node.inputs.some((name) => b.dtype(name) === "float64") ? "float64" : "float32";
  const [x, weight, , mean, variance] = node.inputs.map((name) => castTo(b, name, type)) as [
    Value,
    Value,
    Value,
    Value,
    Value,
  ];
  const g = castTo(b, narrow, type);
  const rank = rankOf(b, x);
  const epsilon = constantLike(b, variance, floatOf(node, "epsilon", 1e-5));
  const r = b.op("Reciprocal", [b.op("Sqrt", [add(b, variance, epsilon)])]);
  const gain = mul(b, weight, r);
  const others = range(rank).filter((axis) => axis !== 1);
  // A vector is one channel.
  const sum = (value: Value) => reduceSum(b, value, others, rank < 2);
  const slope = () => sum(mul(b, g, sub(b, x, perChannel(b, mean, rank))));
  const grads = [
    () => mul(b, g, perChannel(b, gain, rank)),
    () => mul(b, slope(), r),
    () => sum(g),
    () => neg(b, mul(b, sum(g), gain)),
    () => scale(b, mul(b, slope(), mul(b, gain, square(b, r))), -0.5),
  ];
  return grads.map((grad, i) => needs(i) ? castLike(b, grad(), node.inputs[i]!) : undefined);
};

/** (x − mean) / (√var + ε'), with the ε of the op's function body. */
const meanVarianceNorm = unary(({ b, node, g, x, y }) => {
  const axes = intsOf(node, "axes") ?? [0, 2, 3];
  const c = sub(b, x, reduceMean(b, x, axes));
  const deviation = b.op("Sqrt", [reduceMean(b, square(b, c), axes)]);
  const r = b.op("Reciprocal", [add(b, deviation, constantLike(b, x, 1e-9))]);
  const pull = mul(b, y, reduceMean(b, mul(b, g, y), axes));
  return mul(b, sub(b, sub(b, g, reduceMean(b, g, axes)), pull), r);
});

/** x / ‖x‖ₚ over an axis; the gradient of a zero vector is 0. */
const lpNorm = unary(({ b, node, g, x, y }) => {
  const axis = [intOf(node, "axis", -1)];
  const p = intOf(node, "p", 2);
  const norm = b.op(p === 1 ? "ReduceL1" : "ReduceL2", [x, b.int64s(axis)], { keepdims: 1 });
  const isZero = b.op("Equal", [norm, constantLike(b, x, 0)]);
  const along = p === 1 ? b.op("Sign", [x]) : y;
  const pull = mul(b, along, reduceSum(b, mul(b, g, y), axis, true));
  return dropWhere(b, isZero, div(b, sub(b, g, pull), norm));
});

/** Sum over `size` neighbouring channels, `before` of them in front. */
function channelWindow(b: GraphBuilder, x: Value, size: number, before: number): Value {
  const after = b.int64s([size - 1 - before]);
  const padded = padZeros(b, x, [{ axis: 1, before: b.int64s([before]), after }]);
  const flat = b.op("Unsqueeze", [padded, b.int64s([1])]);
  const rank = rankOf(b, x);
  const rows = b.op("Flatten", [flat], { axis: 3 });
  const shaped = b.op("Reshape", [rows, windowShape(b, padded)]);
  const mean = b.op("AveragePool", [shaped], { kernel_shape: [size, 1], strides: [1, 1] });
  return scale(b, b.op("Reshape", [mean, shapeOf(b, x)]), rank > 0 ? size : 1);
}

/** [N, 1, C, rest] */
function windowShape(b: GraphBuilder, padded: Value): Value {
  const head = b.op("Shape", [padded], { start: 0, end: 1 });
  const channels = b.op("Shape", [padded], { start: 1, end: 2 });
  return b.op("Concat", [head, b.int64s([1]), channels, b.int64s([-1])], { axis: 0 });
}

/** y = x s^−β, s = k + α/n Σ x²: g s^−β − (2αβ/n) x Σ' (g y / s), the window mirrored. */
const lrn = linear(({ b, node, g, x, y }) => {
  const size = intOf(node, "size", 1);
  const alpha = floatOf(node, "alpha", 1e-4);
  const beta = floatOf(node, "beta", 0.75);
  const before = Math.floor((size - 1) / 2);
  const sums = scale(b, channelWindow(b, square(b, x), size, before), alpha / size);
  const s = add(b, sums, constantLike(b, x, floatOf(node, "bias", 1)));
  const back = channelWindow(b, div(b, mul(b, g, y), s), size, size - 1 - before);
  const direct = mul(b, g, b.op("Pow", [s, constantLike(b, x, -beta)]));
  return sub(b, direct, scale(b, mul(b, x, back), 2 * alpha * beta / size));
});

/** Groups of channels are the channels of an InstanceNormalization; scales are per group before opset 21. */
function groupNorm(node: Node, b: GraphBuilder): Value[] {
  const [x, weight, bias] = node.inputs as [Value, Value, Value];
  const groups = intOf(node, "num_groups", 1);
  const perGroup = b.opset < 21;
  const grouped = b.op("Reshape", [x, b.int64s([0, groups, -1])]);
  const epsilon = floatOf(node, "epsilon", 1e-5);
  const factors = perGroup
    ? [weight, bias]
    : [1, 0].map((value) => b.op("Expand", [constantLike(b, weight, value), b.int64s([groups])]));
  const normal = reshapeLike(b, normalised(b, grouped, factors, epsilon), x);
  if (perGroup) return [normal];
  const rank = rankOf(b, x);
  return [add(b, mul(b, normal, perChannel(b, weight, rank)), perChannel(b, bias, rank))];
}

/** InstanceNormalization of [N, G, L], spelled out in float64, for which ONNX Runtime has no kernel. */
function normalised(
  b: GraphBuilder,
  x: Value,
  factors: readonly Value[],
  epsilon: number,
): Value {
  if (b.dtype(x) !== "float64") {
    return b.op("InstanceNormalization", [x, ...factors], { epsilon: float(epsilon) });
  }
  const c = sub(b, x, reduceMean(b, x, [2]));
  const n = mul(b, c, inverseDeviation(b, c, [2], epsilon));
  const [weight, bias] = factors.map((factor) => perChannel(b, factor, 3)) as [Value, Value];
  return add(b, mul(b, n, weight), bias);
}

/** Normalisations that are rewritten into others. */
export const normalizationDecompositions = {
  GroupNormalization: groupNorm,
} satisfies Decompositions;

/** Rules of normalisations. */
export const normalizationRules = {
  LayerNormalization: layerNorm,
  RMSNormalization: rmsNorm,
  SimplifiedLayerNormalization: rmsNorm,
  InstanceNormalization: instanceNorm,
  BatchNormalization: batchNorm,
  MeanVarianceNormalization: meanVarianceNorm,
  LpNormalization: lpNorm,
  LRN: lrn,
} satisfies GradRules;
