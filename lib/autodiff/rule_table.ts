/** Every op that can be differentiated: the rules by family, joined into one table. @module */
import type { Node } from "../onnx/model.ts";
import {
  type Decomposition,
  type Decompositions,
  type GradRule,
  type GradRules,
  opKey,
  piecewiseConstant,
} from "./rule.ts";
import { attentionDecompositions } from "./decompositions/attention.ts";
import { contribAttentionDecompositions } from "./decompositions/contrib_attention.ts";
import { fusedActivationDecompositions } from "./decompositions/fused_activation.ts";
import { gridSampleDecompositions } from "./decompositions/grid_sample.ts";
import { groupQueryDecompositions } from "./decompositions/grouped_query_attention.ts";
import { loopDecompositions } from "./decompositions/loops.ts";
import { lossDecompositions } from "./decompositions/loss.ts";
import { recurrentDecompositions } from "./decompositions/recurrent.ts";
import { rotaryDecompositions } from "./decompositions/rotary.ts";
import { skipNormalizationDecompositions } from "./decompositions/skip_normalization.ts";
import { activationRules } from "./rules/activation.ts";
import { col2imRules } from "./rules/col2im.ts";
import { einsumRules } from "./rules/einsum.ts";
import { controlFlowRules } from "./rules/control_flow.ts";
import { convolutionRules } from "./rules/convolution.ts";
import { elementwiseRules } from "./rules/elementwise.ts";
import { fusedActivationRules } from "./rules/fused_activation.ts";
import { indexingRules } from "./rules/indexing.ts";
import { matmulRules } from "./rules/matmul.ts";
import { movementRules } from "./rules/movement.ts";
import { normalizationDecompositions, normalizationRules } from "./rules/normalization.ts";
import { poolingRules } from "./rules/pooling.ts";
import { quantizedRules } from "./rules/quantized.ts";
import { reduceRules } from "./rules/reduce.ts";
import { resizeRules } from "./rules/resize.ts";
import { softmaxRules } from "./rules/softmax.ts";

/** Gradient rules by op. */
export const gradRules: GradRules = {
  ...elementwiseRules,
  ...activationRules,
  ...matmulRules,
  ...einsumRules,
  ...reduceRules,
  ...softmaxRules,
  ...movementRules,
  ...indexingRules,
  ...normalizationRules,
  ...convolutionRules,
  ...poolingRules,
  ...resizeRules,
  ...col2imRules,
  ...fusedActivationRules,
  ...quantizedRules,
  ...controlFlowRules,
};

/** Ops that are rewritten into others before they are differentiated. */
export const decompositions: Decompositions = {
  ...normalizationDecompositions,
  ...attentionDecompositions,
  ...contribAttentionDecompositions,
  ...groupQueryDecompositions,
  ...rotaryDecompositions,
  ...skipNormalizationDecompositions,
  ...fusedActivationDecompositions,
  ...gridSampleDecompositions,
  ...lossDecompositions,
  ...loopDecompositions,
  ...recurrentDecompositions,
};

/** The rule of a node's op. */
export function ruleOf(node: Node): GradRule | undefined {
  return gradRules[opKey(node)];
}

/** The decomposition of a node's op; an op with a rule needs none. */
export function decompositionOf(node: Node): Decomposition | undefined {
  const key = opKey(node);
  return gradRules[key] === undefined ? decompositions[key] : undefined;
}

/** Whether a node passes no gradient to any input. */
export function stopsGradient(node: Node): boolean {
  return ruleOf(node) === piecewiseConstant;
}
