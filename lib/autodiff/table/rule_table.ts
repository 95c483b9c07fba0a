/** Every op that can be differentiated: the rules by family, joined into one table. @module */
import type { Model, Node } from "../../onnx/ir/model.ts";
import {
  type Decomposition,
  type Decompositions,
  type GradRule,
  type GradRules,
  opKey,
  piecewiseConstant,
} from "../engine/rule.ts";
import { attentionDecompositions } from "../decompositions/attention.ts";
import { contribAliasDecompositions } from "../decompositions/contrib_aliases.ts";
import { contribAttentionDecompositions } from "../decompositions/contrib_attention.ts";
import { fusedActivationDecompositions } from "../decompositions/fused_activation.ts";
import { gridSampleDecompositions } from "../decompositions/grid_sample.ts";
import { groupQueryDecompositions } from "../decompositions/grouped_query_attention.ts";
import { loopDecompositions } from "../decompositions/loops.ts";
import { lossDecompositions } from "../decompositions/loss.ts";
import { quantizedProductDecompositions } from "../decompositions/quantized_products.ts";
import { recurrentDecompositions } from "../decompositions/recurrent.ts";
import { regionDecompositions } from "../decompositions/regions.ts";
import { rotaryDecompositions } from "../decompositions/rotary.ts";
import { cacheDecompositions } from "../decompositions/tensor_scatter.ts";
import { expertDecompositions } from "../decompositions/experts.ts";
import { linearAttentionDecompositions } from "../decompositions/linear_attention.ts";
import { packedExpertDecompositions } from "../decompositions/packed_experts.ts";
import { fourierDecompositions } from "../decompositions/short_time_fourier.ts";
import { skipNormalizationDecompositions } from "../decompositions/skip_normalization.ts";
import { activationRules } from "../rules/activation.ts";
import { col2imRules } from "../rules/col2im.ts";
import { discreteRules } from "../rules/discrete.ts";
import { einsumRules } from "../rules/einsum.ts";
import { controlFlowRules } from "../rules/control_flow.ts";
import { convolutionRules } from "../rules/convolution.ts";
import { elementwiseRules } from "../rules/elementwise.ts";
import { fourierRules } from "../rules/fourier.ts";
import { fusedActivationRules } from "../rules/fused_activation.ts";
import { indexingRules } from "../rules/indexing.ts";
import { matmulRules } from "../rules/matmul.ts";
import { matrixRules } from "../rules/matrix.ts";
import { movementRules } from "../rules/movement.ts";
import { normalizationDecompositions, normalizationRules } from "../rules/normalization.ts";
import { poolingRules } from "../rules/pooling.ts";
import { quantizedRules } from "../rules/quantized.ts";
import { reduceRules } from "../rules/reduce.ts";
import { resizeRules } from "../rules/resize.ts";
import { softmaxRules } from "../rules/softmax.ts";
import { straightThroughRules } from "../rules/straight_through.ts";

/** Gradient rules by op. */
export const gradRules: GradRules = {
  ...elementwiseRules,
  ...activationRules,
  ...matmulRules,
  ...matrixRules,
  ...fourierRules,
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
  ...straightThroughRules,
  ...controlFlowRules,
  ...discreteRules,
};

/** Ops that are rewritten into others before they are differentiated. */
export const decompositions: Decompositions = {
  ...normalizationDecompositions,
  ...attentionDecompositions,
  ...contribAttentionDecompositions,
  ...contribAliasDecompositions,
  ...groupQueryDecompositions,
  ...rotaryDecompositions,
  ...cacheDecompositions,
  ...expertDecompositions,
  ...linearAttentionDecompositions,
  ...packedExpertDecompositions,
  ...skipNormalizationDecompositions,
  ...fusedActivationDecompositions,
  ...gridSampleDecompositions,
  ...lossDecompositions,
  ...loopDecompositions,
  ...recurrentDecompositions,
  ...quantizedProductDecompositions,
  ...fourierDecompositions,
  ...regionDecompositions,
};

/**
 * How an op is differentiated from a version of its domain on: by a rule, or by being rewritten into
 * ops that have one. Models are brought to opset 18 first, so rules of ai.onnx start there.
 */
export interface RuleRow {
  /** The first version of the op's domain that the row holds for. */
  readonly sinceOpset: number;
  readonly rule?: GradRule;
  readonly decomposition?: Decomposition;
}

/** Rows by op: `MatMul`, or `com.microsoft.FusedMatMul` outside the default domain. */
export type RuleTable = Readonly<Record<string, readonly RuleRow[]>>;

/**
 * The built-in rules and decompositions of `addGradients`: one row per op.
 *
 * @example
 * ```ts
 * import { addGradients, defaultRules } from "@tvp/pipeline/autodiff";
 * import { GraphBuilder } from "@tvp/pipeline/onnx";
 *
 * const b = new GraphBuilder();
 * b.output(b.op("Wave", [b.input("x", "float32", ["n"])], {}, "acme"), "y");
 * // An op of your own that is a Sin under another name.
 * const sine = defaultRules["Sin"]![0]!.rule!;
 * const rules = {
 *   "acme.Wave": [{ sinceOpset: 1, decomposition: (node, b) => [b.op("Sin", [node.inputs[0]!])] }],
 *   Sin: [{ sinceOpset: 18, rule: sine }],
 * } satisfies RuleTable;
 * addGradients(b.finish(), { of: "y", wrt: ["x"], rules });
 * ```
 */
export const defaultRules: RuleTable = Object.fromEntries([
  ...Object.entries(decompositions).map((
    [op, decomposition],
  ) => [op, [row(op, { decomposition })]]),
  ...Object.entries(gradRules).map(([op, rule]) => [op, [row(op, { rule })]]),
]);

function row(op: string, how: Omit<RuleRow, "sinceOpset">): RuleRow {
  return { sinceOpset: op.includes(".") ? 1 : 18, ...how };
}

/** Looks up how the nodes of one model are differentiated. */
export class RuleLookup {
  readonly #model: Pick<Model, "opset" | "domains">;
  readonly #own: RuleTable;

  /** @param own Rows that come before the default ones. */
  constructor(model: Pick<Model, "opset" | "domains">, own: RuleTable = {}) {
    this.#model = model;
    this.#own = own;
  }

  /** The rule of a node's op. */
  rule(node: Node): GradRule | undefined {
    return this.#row(node)?.rule;
  }

  /** The decomposition of a node's op; an op with a rule needs none. */
  decomposition(node: Node): Decomposition | undefined {
    const found = this.#row(node);
    return found?.rule === undefined ? found?.decomposition : undefined;
  }

  /** Whether a node passes no gradient to any input. */
  stops(node: Node): boolean {
    return this.rule(node) === piecewiseConstant;
  }

  /** Whether the row is one of the user's. */
  isOwn(node: Node): boolean {
    return newest(this.#own, opKey(node), this.#versionOf(node)) !== undefined;
  }

  #row(node: Node): RuleRow | undefined {
    const [key, version] = [opKey(node), this.#versionOf(node)];
    return newest(this.#own, key, version) ?? newest(defaultRules, key, version);
  }

  #versionOf(node: Node): number {
    return opKey(node) === node.opType ? this.#model.opset : this.#model.domains[node.domain] ?? 1;
  }
}

function newest(table: RuleTable, key: string, version: number): RuleRow | undefined {
  if (!Object.hasOwn(table, key)) return undefined;
  return table[key]!.filter(({ sinceOpset }) => sinceOpset <= version)
    .toSorted((left, right) => right.sinceOpset - left.sinceOpset)[0];
}
