/** Activations that ONNX Runtime fuses, some with the bias before them. @module */
import { float, type GraphBuilder, type Value } from "../../onnx/build/builder.ts";
import { add, mul } from "../engine/expressions.ts";
import { elementwise, type GradRule, type GradRules } from "../engine/rule.ts";
import { activationRules, geluSlope, tanhGeluSlope } from "./activation.ts";

/** y = f(x + bias), so ∂x = ∂bias = g f'(x + bias), the latter summed to its shape. */
const biased = (slope: (b: GraphBuilder, x: Value) => Value): GradRule =>
  elementwise((node, { builder: b, outputGrads: [g] }) => {
    if (g === undefined) return [];
    const [x, bias] = node.inputs as [Value, Value?];
    const grad = mul(b, g, slope(b, bias ? add(b, x, bias) : x));
    return [grad, grad];
  });

/** x · σ(αx): Swish under another default. */
const quickGelu: GradRule = (node, context) =>
  activationRules.Swish(
    { ...node, attributes: { alpha: float(1.702), ...node.attributes } },
    context,
  );

/** Rules of fused activations. */
export const fusedActivationRules = {
  "com.microsoft.Gelu": biased(geluSlope),
  "com.microsoft.BiasGelu": biased(geluSlope),
  "com.microsoft.FastGelu": biased(tanhGeluSlope),
  "com.microsoft.QuickGelu": quickGelu,
} satisfies GradRules;
