/**
 * Fused ops on quantised activations. Those with float outputs are taken apart into the integer
 * product and its scaling; those that round again compute in floats between two roundings, which is
 * what their definition says, so their outputs differ from the fused op's by ties at most.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { floatOf, intOf } from "../engine/attributes.ts";
import { add, castLike, mul, range, rankOf, scale, sub } from "../engine/expressions.ts";
import { normalizeAxis } from "../../onnx/ir/axis.ts";
import { refuse } from "../engine/refuse.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";

/** A quantised value: integers, scale, zero point. */
type Quantized = readonly [value: Value, factor: Value, origin?: Value | undefined];

/** A, B, scales, zero points, bias */
const matMulIntegerToFloat: Decomposition = (node, b) => {
  const [x, w, xScale, wScale, origin, point, bias] = node.inputs as [
    ...[Value, Value, Value, Value],
    ...(Value | undefined)[],
  ];
  return [scaledProduct(b, [x, xScale, origin], [w, wScale, point], bias)];
};

/** The activation is rounded with a scale of its own. */
const dynamicQuantizeMatMul: Decomposition = (node, b) => {
  const [x, w, wScale, point, bias] = node.inputs as [Value, Value, Value, Value?, Value?];
  const [q, factor, origin] = b.node("DynamicQuantizeLinear", [x], { outputs: 3 });
  return [scaledProduct(b, [q!, factor!, origin!], [w, wScale, point], bias)];
};

const qLinearMatMul: Decomposition = (node, b) => {
  const [x, w] = [quantized(node, 0), quantized(node, 3)];
  const y = b.op("MatMul", [real(b, x, -2), real(b, w, -1)]);
  return [round(b, y, node, 6)];
};

const qLinearConv: Decomposition = (node, b) => {
  const [x, w, bias] = [quantized(node, 0), quantized(node, 3), node.inputs[8]];
  const offset = bias && mul(b, castLike(b, bias, x[1]), mul(b, x[1], w[1]));
  return [round(b, b.op("Conv", [real(b, x), real(b, w, 0), offset], node.attributes), node, 6)];
};

const qGemm: Decomposition = (node, b) => {
  const [x, w, bias] = [quantized(node, 0), quantized(node, 3), node.inputs[6]];
  const transB = intOf(node, "transB", 0);
  const factor = scale(b, mul(b, x[1], w[1]), floatOf(node, "alpha", 1));
  const offset = bias && mul(b, castLike(b, bias, x[1]), factor);
  const y = b.op("Gemm", [real(b, x), real(b, w, transB === 1 ? 0 : 1), offset], node.attributes);
  return [node.inputs[7] ? round(b, y, node, 7) : y];
};

/** The attention of the input and the weight as floats. */
const qAttention: Decomposition = (node, b) => {
  const [x, w, bias, xScale, wScale, mask, origin, point, past] = node.inputs as Value[];
  const inputs = [
    real(b, [x!, xScale!, origin]),
    real(b, [w!, wScale!, point], -1),
    bias,
    mask,
    past,
  ];
  return b.node("Attention", inputs, {
    attributes: node.attributes,
    domain: "com.microsoft",
    outputs: 2,
  });
};

/** An op of floats between two roundings: its quantised inputs, then the output's scale and zero point. */
const between = (opType: string, arity: number): Decomposition => (node, b) => {
  refuse(node, intOf(node, "channels_last", 0) === 1, "its channels are last");
  const { channels_last: _, opset: __, ...attributes } = node.attributes;
  const inputs = range(arity).map((i) => real(b, quantized(node, 3 * i)));
  return [round(b, b.op(opType, inputs, attributes), node, 3 * arity)];
};

const softmax: Decomposition = (node, b) => {
  const rank = rankOf(b, node.inputs[0]!);
  const last = [-1, rank - 1].includes(intOf(node, "axis", -1));
  refuse(node, intOf(node, "opset", 13) < 13 && !last, "it flattens its input, as before opset 13");
  return between("Softmax", 1)(node, b);
};

const concat: Decomposition = (node, b) => {
  const parts = range((node.inputs.length - 2) / 3).map((i) => real(b, quantized(node, 2 + 3 * i)));
  return [round(b, b.op("Concat", parts, { axis: intOf(node, "axis", 0) }), node, 0)];
};

const where: Decomposition = (node, b) => {
  const [left, right] = [real(b, quantized(node, 1)), real(b, quantized(node, 4))];
  return [round(b, b.op("Where", [node.inputs[0], left, right]), node, 7)];
};

/** Decompositions of fused ops on quantised activations. */
export const quantizedProductDecompositions = {
  QLinearMatMul: qLinearMatMul,
  QLinearConv: qLinearConv,
  "com.microsoft.QLinearConv": qLinearConv,
  "com.microsoft.MatMulIntegerToFloat": matMulIntegerToFloat,
  "com.microsoft.DynamicQuantizeMatMul": dynamicQuantizeMatMul,
  "com.microsoft.QGemm": qGemm,
  "com.microsoft.QAttention": qAttention,
  "com.microsoft.QLinearAdd": between("Add", 2),
  "com.microsoft.QLinearMul": between("Mul", 2),
  "com.microsoft.QLinearSigmoid": between("Sigmoid", 1),
  "com.microsoft.QLinearLeakyRelu": between("LeakyRelu", 1),
  "com.microsoft.QLinearAveragePool": between("AveragePool", 1),
  "com.microsoft.QLinearGlobalAveragePool": between("GlobalAveragePool", 1),
  "com.microsoft.QLinearSoftmax": softmax,
  "com.microsoft.QLinearConcat": concat,
  "com.microsoft.QLinearWhere": where,
} satisfies Decompositions;

/** Three inputs in a row. */
function quantized({ inputs }: Node, first: number): Quantized {
  return [inputs[first]!, inputs[first + 1]!, inputs[first + 2]!];
}

/** Rounded to the scale and zero point that are the inputs at `first` and after it. */
function round(b: GraphBuilder, y: Value, { inputs }: Node, first: number): Value {
  return b.op("QuantizeLinear", [y, inputs[first], inputs[first + 1] || undefined]);
}

/** Values as floats. A weight is dequantised by nodes, which the runtime folds once; `axis` is that of the scales. */
function real(b: GraphBuilder, [x, factor, origin]: Quantized, axis = 1): Value {
  const listed = rankOf(b, factor) === 1 && b.dims(factor)![0] !== 1;
  const at = listed ? normalizeAxis(axis, rankOf(b, x)) : 0;
  if (b.weightOf(x) === undefined) {
    return b.op("DequantizeLinear", [x, factor, origin || undefined], listed ? { axis: at } : {});
  }
  const along = (value: Value) =>
    listed
      ? b.op("Reshape", [value, b.int64s(range(rankOf(b, x)).map((i) => i === at ? -1 : 1))])
      : value;
  const value = castLike(b, x, factor);
  const centred = origin ? sub(b, value, along(castLike(b, origin, factor))) : value;
  return mul(b, centred, along(factor));
}

/** scale of A · scale of B · (A − a₀)(B − b₀) + bias */
function scaledProduct(b: GraphBuilder, x: Quantized, w: Quantized, bias?: Value): Value {
  const product = b.op("MatMulInteger", [x[0], w[0], x[2] || undefined, w[2] || undefined]);
  const y = mul(b, castLike(b, product, w[1]), mul(b, x[1], w[1]));
  return bias ? add(b, y, bias) : y;
}
