/**
 * BatchNormalization in training mode, with the statistics of the batch spelled out (Ioffe & Szegedy
 * 2015): what remains is the op of inference, whose mean and variance are then values like others, so
 * that gradients pass through them. Variances are those of ONNX, divided by the number of elements.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Model, Node } from "../../onnx/ir/model.ts";
import { floatOf, intOf } from "../engine/attributes.ts";
import { explained } from "../engine/explain.ts";
import { add, castLike, mul, range, rankOf, scale, sub, widen } from "../engine/expressions.ts";
import { rewriteNodes } from "../engine/rewrite.ts";

/** Writes the statistics of the batch as nodes of their own. */
export function spellOutBatchStatistics(model: Model): Model {
  if (!model.graph.nodes.some(isTraining)) return model;
  return rewriteNodes(
    model,
    (node, b) => isTraining(node) ? explained(node, b, () => trained(node, b)) : undefined,
  );
}

function isTraining(node: Node): boolean {
  return node.opType === "BatchNormalization" && node.domain === "" &&
    intOf(node, "training_mode", 0) !== 0;
}

/** The normalised input, then the running mean and variance: r m + s (1 − m), s of this batch. */
function trained(node: Node, b: GraphBuilder): Value[] {
  const [x, weight, bias, mean, variance] = node.inputs as [Value, Value, Value, Value, Value];
  const batch = batchStatistics(b, x).map((value) => castLike(b, value, mean)) as [Value, Value];
  const { training_mode: _mode, momentum: _momentum, ...attributes } = node.attributes;
  const normal = b.op("BatchNormalization", [x, weight, bias, ...batch], attributes);
  const momentum = floatOf(node, "momentum", 0.9);
  const running = (before: Value, now: Value) =>
    add(b, scale(b, before, momentum), scale(b, now, 1 - momentum));
  return [normal, running(mean, batch[0]), running(variance, batch[1])];
}

/** Mean and variance of each channel; a vector is one channel. */
function batchStatistics(b: GraphBuilder, x: Value): [Value, Value] {
  const wide = widen(b, x);
  const rank = rankOf(b, x);
  const others = b.int64s(range(rank).filter((axis) => axis !== 1));
  const meanOf = (value: Value, keepdims: number) =>
    b.op("ReduceMean", [value, others], { keepdims });
  const centered = sub(b, wide, meanOf(wide, 1));
  const kept = rank < 2 ? 1 : 0;
  return [meanOf(wide, kept), meanOf(mul(b, centered, centered), kept)];
}
