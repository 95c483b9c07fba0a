/**
 * Quantised activations without their rounding: what straight-through gradients are the gradients of.
 * What were integers are real numbers here, still clipped to the range of their type.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import { dtypeOfDataType } from "../../onnx/ir/data_type.ts";
import type { Model, Node } from "../../onnx/ir/model.ts";
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { intOf } from "../engine/attributes.ts";
import { quantizedProductDecompositions } from "../decompositions/quantized_products.ts";
import { add, castLike, div, mul, range, sub } from "../engine/expressions.ts";
import { rewriteNodes } from "../engine/rewrite.ts";
import { opKey } from "../engine/rule.ts";
import { factorAlong } from "../rules/quantization_axis.ts";
import { bounds, convFactors, matMulFactors } from "../rules/straight_through.ts";

type Form = (node: Node, b: GraphBuilder) => readonly Value[] | undefined;

/** x / s + zero point, clipped where the rounded number would be. */
const quantizeLinear: Form = (node, b) => {
  const [x, factor, point] = node.inputs as [Value, Value, Value?];
  const range = bounds[roundedType(node, b)];
  if (range === undefined) return undefined;
  const steps = div(b, x, castLike(b, factorAlong(b, node, factor), x));
  const q = point ? add(b, steps, castLike(b, factorAlong(b, node, point), x)) : steps;
  const [low, high] = [range[0] - 0.5, range[1] + 0.5].map((end) => castLike(b, b.scalar(end), x));
  return [b.op("Clip", [q, low, high])];
};

function roundedType(node: Node, b: GraphBuilder): DType {
  const point = node.inputs[2];
  return point ? b.dtype(point) : dtypeOfDataType(intOf(node, "output_dtype", 2)) as DType;
}

/** (x − zero point) · s */
const dequantizeLinear: Form = (node, b) => {
  const [x, factor, point] = node.inputs as [Value, Value, Value?];
  const value = castLike(b, x, factor);
  const origin = point && castLike(b, factorAlong(b, node, point), factor);
  return [mul(b, origin ? sub(b, value, origin) : value, factorAlong(b, node, factor))];
};

/** Scale and zero point as the op takes them from the data. */
const dynamicQuantizeLinear: Form = (node, b) => {
  const x = node.inputs[0]!;
  const [, factor, point] = b.node("DynamicQuantizeLinear", [x], { outputs: 3 });
  return [add(b, div(b, x, factor!), castLike(b, point!, x)), factor!, point!];
};

/** Inputs of an op that have one type: integers beside what is real now become real as well. */
const oneType = (places: (node: Node) => readonly number[]): Form => (node, b) => {
  const shared = places(node).filter((place) => node.inputs[place]);
  const real = shared.find((place) => dtypes[b.dtype(node.inputs[place]!)].float);
  if (real === undefined) return undefined;
  const inputs = node.inputs.map((name, place) =>
    shared.includes(place) ? castLike(b, name, node.inputs[real]!) : name || undefined
  );
  return b.node(node.opType, inputs, { attributes: node.attributes });
};

const all = oneType((node) => range(node.inputs.length));

const forms: Readonly<Record<string, Form>> = {
  QuantizeLinear: quantizeLinear,
  "com.microsoft.QuantizeLinear": quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  "com.microsoft.DequantizeLinear": dequantizeLinear,
  DynamicQuantizeLinear: dynamicQuantizeLinear,
  Add: all,
  Sub: all,
  Mul: all,
  Max: all,
  Min: all,
  Concat: all,
  Where: oneType(() => [1, 2]),
  Pad: oneType(() => [0, 2]),
  MatMulInteger: (node, b) => [b.op("MatMul", matMulFactors(b, node, b.scalar(0)))],
  ConvInteger: (node, b) => [b.op("Conv", convFactors(b, node, b.scalar(0)), node.attributes)],
};

/** The model without its roundings; shapes are inferred, functions inlined. */
export function unroundedModel(model: Model): Model {
  const parts = rewriteNodes(
    model,
    (node, b) => quantizedProductDecompositions[opKey(node) as Fused]?.(node, b),
  );
  return rewriteNodes(parts, (node, b) => forms[opKey(node)]?.(node, b));
}

type Fused = keyof typeof quantizedProductDecompositions;
