/** Losses over classes, out of LogSoftmax and a gather. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { intOf, stringOf } from "../engine/attributes.ts";
import { constantLike, div, indicator, keepWhere, mul, neg, where } from "../engine/expressions.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";

const negativeLogLikelihood: Decomposition = (node, b) => [
  likelihood(b, node, node.inputs[0]!),
];

const crossEntropy: Decomposition = (node, b) => {
  const logs = b.op("LogSoftmax", [node.inputs[0]!], { axis: 1 });
  return [likelihood(b, node, logs), logs];
};

/** Decompositions of losses. */
export const lossDecompositions = {
  NegativeLogLikelihoodLoss: negativeLogLikelihood,
  SoftmaxCrossEntropyLoss: crossEntropy,
} satisfies Decompositions;

/** −weight[label] · logs[label], reduced; ignored labels count nothing. */
function likelihood(b: GraphBuilder, node: Node, logs: Value): Value {
  const [, labels, weights] = node.inputs as [Value, Value, Value?];
  const kept = node.attributes.ignore_index === undefined ? undefined : b.op("Not", [
    b.op("Equal", [labels, constantLike(b, labels, intOf(node, "ignore_index", 0))]),
  ]);
  const safe = kept ? where(b, kept, labels, constantLike(b, labels, 0)) : labels;
  const column = b.op("Unsqueeze", [safe, b.int64s([1])]);
  const chosen = b.op("GatherElements", [logs, column], { axis: 1 });
  const losses = neg(b, b.op("Squeeze", [chosen, b.int64s([1])]));
  const weight = weightOf(b, losses, { safe, kept, weights: weights || undefined });
  const weighted = weight ? mul(b, losses, weight) : losses;
  return reduce(b, node, kept ? keepWhere(b, kept, weighted) : weighted, weight);
}

interface Labels {
  readonly safe: Value;
  readonly kept: Value | undefined;
  readonly weights: Value | undefined;
}

/** What each label counts, `undefined` if all count 1. */
function weightOf(b: GraphBuilder, like: Value, { safe, kept, weights }: Labels) {
  if (weights === undefined) return kept && indicator(b, kept, like);
  const own = b.op("Gather", [weights, safe], { axis: 0 });
  return kept ? keepWhere(b, kept, own) : own;
}

function reduce(b: GraphBuilder, node: Node, losses: Value, weight: Value | undefined): Value {
  const reduction = stringOf(node, "reduction", "mean");
  if (reduction === "none") return losses;
  const sum = (x: Value) => b.op("ReduceSum", [x], { keepdims: 0 });
  if (reduction === "sum") return sum(losses);
  return weight ? div(b, sum(losses), sum(weight)) : b.op("ReduceMean", [losses], { keepdims: 0 });
}
