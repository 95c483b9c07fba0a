/**
 * Mixtures of experts (Shazeer et al., arXiv 1701.06538), dense: each expert sees every token, and those
 * that a token did not choose count 0. So the graph has one size, at the price of more work.
 *
 * @module
 */
import { float, type GraphBuilder, type Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { floatOf, intOf, stringOf } from "../engine/attributes.ts";
import { reshape, sizePart } from "../engine/dynamic_shape.ts";
import {
  add,
  constantLike,
  div,
  mul,
  reduceSum,
  reshapeLike,
  zerosLike,
} from "../engine/expressions.ts";
import { refuse } from "../engine/refuse.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";
import { product } from "../rules/matmul.ts";

/** Weights of a mixture's two layers, [E, I, H] and [E, H, I], and their biases, [E, I] and [E, H]. */
export interface ExpertLayers {
  readonly inner: Value;
  readonly innerBias: Value | undefined;
  readonly outer: Value;
  readonly outerBias: Value | undefined;
}

/** Tokens [.., H] through the experts that the router's logits, [T, E], choose for them. */
export function mixture(
  b: GraphBuilder,
  node: Node,
  { inner, innerBias, outer, outerBias, isNormalized }: ExpertLayers & {
    /** Whether the shares of a token's experts add up to 1. */
    readonly isNormalized: boolean;
  },
): Value {
  refuse(node, intOf(node, "use_sparse_mixer", 0) === 1, "it uses the sparse mixer");
  const [x, router] = node.inputs as [Value, Value];
  const tokens = reshape(b, x, [1, -1, sizePart(b, inner, 2)]);
  const hidden = activate(b, node, layer(b, tokens, inner, innerBias));
  const answers = layer(b, hidden, outer, outerBias);
  const shares = sharesOf(b, router, intOf(node, "k", 1), isNormalized);
  const byExpert = b.op("Unsqueeze", [
    b.op("Transpose", [shares], { perm: [1, 0] }),
    b.int64s([-1]),
  ]);
  return reshapeLike(b, reduceSum(b, mul(b, answers, byExpert), [0], false), x);
}

const plainMixture: Decomposition = (node, b) => {
  const [, , inner, innerBias, outer, outerBias, third] = node.inputs as Value[];
  refuse(node, Boolean(third), "it has a third layer");
  const isNormalized = intOf(node, "normalize_routing_weights", 0) === 1;
  const layers = { inner: inner!, innerBias, outer: outer!, outerBias };
  return [mixture(b, node, { ...layers, isNormalized })];
};

/** tokens · weightsᵀ + bias, of each expert: [E, T, …]. */
function layer(b: GraphBuilder, tokens: Value, weights: Value, bias: Value | undefined): Value {
  const y = product(b, tokens, weights, { transB: true });
  return bias ? add(b, y, b.op("Unsqueeze", [bias, b.int64s([1])])) : y;
}

/** How much each expert counts for a token, [T, E]: its probability among the `k` largest, else 0. */
function sharesOf(b: GraphBuilder, router: Value, k: number, isNormalized: boolean): Value {
  const all = b.op("Softmax", [router], { axis: -1 });
  const [best, experts] = b.node("TopK", [all, b.int64s([k])], {
    attributes: { axis: -1 },
    outputs: 2,
  });
  const shares = isNormalized ? div(b, best!, reduceSum(b, best!, [-1], true)) : best!;
  return b.op("ScatterElements", [zerosLike(b, all), experts!, shares], { axis: -1 });
}

/** Activations by their names in the op. */
const activations: Readonly<Record<string, (b: GraphBuilder, x: Value) => Value>> = {
  relu: (b, x) => b.op("Relu", [x]),
  gelu: (b, x) => b.op("FastGelu", [x], {}, "com.microsoft"),
  silu: (b, x) => mul(b, x, b.op("Sigmoid", [x])),
  identity: (_b, x) => x,
};

function activate(b: GraphBuilder, node: Node, x: Value): Value {
  const name = stringOf(node, "activation_type", "relu");
  if (name === "swiglu") return gated(b, node, x);
  const activation = activations[name];
  refuse(node, activation === undefined, `its activation_type is "${name}"`);
  return activation!(b, x);
}

/** gate · σ(α gate) · (linear + β); gates and linear values take turns. */
function gated(b: GraphBuilder, node: Node, x: Value): Value {
  refuse(node, intOf(node, "swiglu_fusion", 0) !== 1, "its gates are not interleaved");
  const [alpha, beta] = [floatOf(node, "activation_alpha", 1), floatOf(node, "activation_beta", 0)];
  const limit = floatOf(node, "swiglu_limit", Infinity);
  const everySecond = (start: number) =>
    b.op("Slice", [x, ...[[start], [2 ** 31 - 1], [-1], [2]].map((list) => b.int64s(list))]);
  const cut = (value: Value, low?: number) =>
    limit === Infinity ? value : b.op("Clip", [
      value,
      low === undefined ? undefined : constantLike(b, value, low),
      constantLike(b, value, limit),
    ]);
  const gate = cut(everySecond(0));
  const linear = cut(everySecond(1), -limit);
  const swish = b.op("QuickGelu", [gate], { alpha: float(alpha) }, "com.microsoft");
  return mul(b, swish, add(b, linear, constantLike(b, linear, beta)));
}

/** Decompositions of mixtures of experts. */
export const expertDecompositions = { "com.microsoft.MoE": plainMixture } satisfies Decompositions;
