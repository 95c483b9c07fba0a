/**
 * Ops that have no float64 kernel, written in ops that have one. Sizes must be known; `undefined`
 * leaves the op as it is.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { floatOf, intOf, stringOf } from "../engine/attributes.ts";
import { range } from "../engine/expressions.ts";
import { normalizeAxis } from "../../onnx/ir/axis.ts";
import { resizeByProducts } from "../rules/resize.ts";
import { erf, gelu } from "./float64_erf.ts";
import type { Float64Form } from "./float64_form.ts";
import { averagePool, conv, convTranspose } from "./float64_windows.ts";

/** Elementwise ops of the first input. */
function pointwise(form: (b: GraphBuilder, x: Value, node: Node) => Value): Float64Form {
  return (node, b) => [form(b, node.inputs[0]!, node)];
}

function clip(b: GraphBuilder, x: Value, low: number, high: number): Value {
  return b.op("Clip", [x, b.scalar(low), b.scalar(high)]);
}

/** max(αx + β, 0) up to 1. */
function hardSigmoid(b: GraphBuilder, x: Value, alpha: number, beta: number): Value {
  return clip(b, b.op("Add", [b.op("Mul", [x, b.scalar(alpha)]), b.scalar(beta)]), 0, 1);
}

/** x where it is not negative, elsewhere another value. */
function bent(b: GraphBuilder, x: Value, negative: Value): Value {
  return b.op("Where", [b.op("Less", [x, b.scalar(0)]), negative, x]);
}

/** exp(min(x, 0)) − 1 */
function expm1(b: GraphBuilder, x: Value): Value {
  return b.op("Sub", [b.op("Exp", [b.op("Min", [x, b.scalar(0)])]), b.scalar(1)]);
}

/** max(x, 0) + ln(1 + exp(−|x|)) */
function softplus(b: GraphBuilder, x: Value): Value {
  const small = b.op("Exp", [b.op("Neg", [b.op("Abs", [x])])]);
  return b.op("Add", [b.op("Relu", [x]), b.op("Log", [b.op("Add", [small, b.scalar(1)])])]);
}

const scaled = (b: GraphBuilder, x: Value, factor: number) => b.op("Mul", [x, b.scalar(factor)]);

/** A reduction over all axes but the first two. */
function spatial(op: "ReduceMean" | "ReduceMax"): Float64Form {
  return (node, b) => {
    const rank = b.rank(node.inputs[0]!);
    if (rank === undefined) return undefined;
    return [b.op(op, [node.inputs[0]!, b.int64s(range(rank).slice(2))], { keepdims: 1 })];
  };
}

/** MatMul of matrices that are turned before, times a factor. */
const fusedMatMul: Float64Form = (node, b) => {
  if (intOf(node, "transBatchA", 0) !== 0 || intOf(node, "transBatchB", 0) !== 0) return undefined;
  const turned = ["transA", "transB"].map((name, i) => {
    const [value, rank] = [node.inputs[i]!, b.rank(node.inputs[i]!)];
    if (intOf(node, name, 0) === 0) return value;
    if (rank === undefined || rank < 2) return undefined;
    const perm = [...range(rank - 2), rank - 1, rank - 2];
    return b.op("Transpose", [value], { perm });
  });
  if (turned.includes(undefined)) return undefined;
  return [scaled(b, b.op("MatMul", turned), floatOf(node, "alpha", 1))];
};

/** Values outside of a cropped region are not a linear function of the input. */
const resize: Float64Form = (node, b) => {
  const isCropped = stringOf(node, "coordinate_transformation_mode", "").startsWith("tf_crop");
  const keepsRatio = stringOf(node, "keep_aspect_ratio_policy", "stretch") !== "stretch";
  if (isCropped || keepsRatio || b.rank(node.inputs[0]!) === undefined) return undefined;
  return [resizeByProducts(b, node, node.inputs[0]!)];
};

/** The op itself has kernels, but its mean and deviation stay float32. */
const layerNormalization: Float64Form = (node, b) => {
  const [x, weight, bias] = node.inputs;
  const rank = b.rank(x!);
  if (rank === undefined) return undefined;
  const axes = b.int64s(range(rank).slice(normalizeAxis(intOf(node, "axis", -1), rank)));
  const mean = (value: Value) => b.op("ReduceMean", [value, axes], { keepdims: 1 });
  const centre = mean(x!);
  const apart = b.op("Sub", [x!, centre]);
  const epsilon = b.scalar(floatOf(node, "epsilon", 1e-5));
  const variance = b.op("Add", [mean(b.op("Mul", [apart, apart])), epsilon]);
  const inverse = b.op("Reciprocal", [b.op("Sqrt", [variance])]);
  const scaledByWeight = b.op("Mul", [b.op("Mul", [apart, inverse]), weight!]);
  return [bias ? b.op("Add", [scaledByWeight, bias]) : scaledByWeight, centre, inverse];
};

const mean: Float64Form = (node, b) => {
  const sum = b.op("Sum", node.inputs);
  return [b.op("Div", [sum, b.op("CastLike", [b.scalar(node.inputs.length), sum])])];
};

/** By op, as in the tables of rules. */
export const float64Forms: Readonly<Record<string, Float64Form>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  AveragePool: averagePool,
  GlobalAveragePool: spatial("ReduceMean"),
  GlobalMaxPool: spatial("ReduceMax"),
  Erf: erf,
  Gelu: gelu,
  Cos: pointwise((b, x) => b.op("Sin", [b.op("Add", [x, b.scalar(Math.PI / 2)])])),
  "com.microsoft.FusedMatMul": fusedMatMul,
  Mean: mean,
  LayerNormalization: layerNormalization,
  Resize: resize,
  HardSigmoid: pointwise((b, x, node) =>
    hardSigmoid(b, x, floatOf(node, "alpha", 0.2), floatOf(node, "beta", 0.5))
  ),
  HardSwish: pointwise((b, x) => b.op("Mul", [x, hardSigmoid(b, x, 1 / 6, 0.5)])),
  LeakyRelu: pointwise((b, x, node) => bent(b, x, scaled(b, x, floatOf(node, "alpha", 0.01)))),
  PRelu: pointwise((b, x, node) => bent(b, x, b.op("Mul", [x, node.inputs[1]!]))),
  Elu: pointwise((b, x, node) => bent(b, x, scaled(b, expm1(b, x), floatOf(node, "alpha", 1)))),
  Softplus: pointwise(softplus),
  Softsign: pointwise((b, x) => b.op("Div", [x, b.op("Add", [b.op("Abs", [x]), b.scalar(1)])])),
};
