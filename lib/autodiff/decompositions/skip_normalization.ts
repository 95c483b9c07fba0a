/** Normalisations that ONNX Runtime fuses with the residual sum before them. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { floatOf } from "../engine/attributes.ts";
import { float } from "../../onnx/build/builder.ts";
import { add } from "../engine/expressions.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";

/** x + skip (+ bias), which the ops also output. */
function residual(b: GraphBuilder, node: Node, bias: Value | undefined): Value {
  const sum = add(b, node.inputs[0]!, node.inputs[1]!);
  return bias ? add(b, sum, bias) : sum;
}

const skipLayerNorm: Decomposition = (node, b) => {
  const [, , gamma, beta, bias] = node.inputs;
  const sum = residual(b, node, bias);
  const y = b.op("LayerNormalization", [sum, gamma, beta || undefined], {
    axis: -1,
    epsilon: float(floatOf(node, "epsilon", 1e-12)),
  });
  return [y, "", "", sum];
};

const skipRmsNorm: Decomposition = (node, b) => {
  const [, , gamma, bias] = node.inputs;
  const sum = residual(b, node, bias);
  const y = b.op("SimplifiedLayerNormalization", [sum, gamma], {
    axis: -1,
    epsilon: float(floatOf(node, "epsilon", 1e-12)),
    stash_type: 1,
  });
  return [y, "", "", sum];
};

/** Decompositions of fused normalisations. */
export const skipNormalizationDecompositions = {
  "com.microsoft.SkipLayerNormalization": skipLayerNorm,
  "com.microsoft.SkipSimplifiedLayerNormalization": skipRmsNorm,
} satisfies Decompositions;
