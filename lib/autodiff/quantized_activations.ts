/**
 * Rounding an activation to integers has a derivative of zero almost everywhere, so a gradient
 * through it would be a zero that means nothing. Such models are refused rather than differentiated.
 *
 * @module
 */
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { Model, Node } from "../onnx/model.ts";
import { valuesRead } from "./mark.ts";
import { opKey } from "./rule.ts";

const quantizing: ReadonlySet<string> = new Set([
  "QuantizeLinear",
  "DynamicQuantizeLinear",
  "QLinearConv",
  "QLinearMatMul",
  "ConvInteger",
  "MatMulInteger",
  ...[
    "DynamicQuantizeMatMul",
    "DynamicQuantizeLSTM",
    "MatMulInteger16",
    "MatMulIntegerToFloat",
    "QAttention",
    "QEmbedLayerNormalization",
    "QGemm",
    "QLinearAdd",
    "QLinearAveragePool",
    "QLinearConcat",
    "QLinearConv",
    "QLinearGlobalAveragePool",
    "QLinearLeakyRelu",
    "QLinearMul",
    "QLinearSigmoid",
    "QLinearSoftmax",
    "QuantizeLinear",
  ].map((opType) => `com.microsoft.${opType}`),
]);

/** One diagnostic per node between `wrt` and `targets` that rounds an activation to integers. */
export function quantizedActivations(
  { graph }: Model,
  wrt: readonly string[],
  targets: readonly string[],
  stops: (node: Node) => boolean,
): Diagnostic[] {
  const reached = new Set(wrt);
  const varied = graph.nodes.filter((node) => {
    if (stops(node) || !valuesRead(node).some((name) => reached.has(name))) return false;
    for (const name of node.outputs) if (name !== "") reached.add(name);
    return true;
  });
  const wanted = new Set(targets);
  const between = varied.toReversed().filter((node) => {
    if (!node.outputs.some((name) => wanted.has(name))) return false;
    for (const name of valuesRead(node)) wanted.add(name);
    return true;
  });
  return between.toReversed().filter((node) => quantizing.has(opKey(node))).map(explain);
}

function explain(node: Node): Diagnostic {
  return {
    code: "quantized-activation",
    severity: "error",
    message: `Cannot differentiate node "${
      node.name || node.outputs[0]
    }" (${node.opType}): it rounds an activation to integers, its derivative is zero almost everywhere`,
    notes: [
      "Use the model in float32, float16, or with quantised weights only (MatMulNBits, DequantizeLinear of an initializer)",
      "Or find prompts without gradients (spsa)",
    ],
  };
}
