/**
 * Layer normalisation as exporters spell it out before opset 17, made the one op that it is: runtimes
 * fuse it as long as nothing else reads what lies in between, and a gradient would.
 *
 * @module
 */
import { float, type GraphBuilder, type Value } from "../../onnx/build/builder.ts";
import type { Model, Node } from "../../onnx/ir/model.ts";
import { pruneModel } from "../../onnx/passes/prune.ts";
import { intOf } from "../engine/attributes.ts";
import { constantInts } from "../engine/expressions.ts";
import { normalizeAxis } from "../../onnx/ir/axis.ts";
import { rewriteNodes } from "../engine/rewrite.ts";
import { readRootMeanSquare } from "../rules/root_mean_square.ts";

/** Writes LayerNormalization where the last axis is normalised, scaled and shifted in float32. */
export function composeLayerNorms(model: Model): Model {
  if (!model.graph.nodes.some(({ opType }) => opType === "Sqrt")) return model;
  const composed = rewriteNodes(
    model,
    (node, b) => node.domain === "" ? layerNorm(b, node) : undefined,
  );
  return pruneModel(composed);
}

/** n · scale + bias with n = c / √(mean(c²) + ε), c = x − mean(x). */
function layerNorm(b: GraphBuilder, node: Node): readonly Value[] | undefined {
  const shifted = splitVector(b, node, "Add");
  const scaled = shifted && splitVector(b, b.producer(shifted.rest), "Mul");
  const normal = scaled && readRootMeanSquare(b, scaled.rest);
  const x = normal && uncentered(b, normal.u);
  if (x === undefined || b.dtype(x) !== "float32" || !isLastAxis(b, x, normal!.axes)) return;
  return b.node("LayerNormalization", [x, scaled!.vector, shifted!.vector], {
    name: node.name,
    attributes: { axis: -1, epsilon: float(normal!.epsilon) },
  });
}

/** The operands of an op of which one is a vector as long as the last axis of the other. */
function splitVector(b: GraphBuilder, node: Node | undefined, op: string) {
  if (node?.opType !== op) return undefined;
  const at = node.inputs.findIndex((input) => b.rank(input) === 1);
  const [vector, rest] = [node.inputs[at], node.inputs[1 - at]];
  if (vector === undefined || rest === undefined) return undefined;
  const width = b.dims(vector)![0];
  return typeof width === "number" && b.dims(rest)?.at(-1) === width ? { vector, rest } : undefined;
}

/** x in x − mean(x) over the last axis. */
function uncentered(b: GraphBuilder, c: Value): Value | undefined {
  const [x, m] = b.producer(c)?.opType === "Sub" ? b.producer(c)!.inputs : [];
  const mean = m === undefined ? undefined : b.producer(m);
  if (mean?.opType !== "ReduceMean" || mean.inputs[0] !== x) return undefined;
  const isKept = intOf(mean, "keepdims", 1) === 1;
  return isKept && isLastAxis(b, x!, constantInts(b, mean.inputs[1])) ? x : undefined;
}

function isLastAxis(b: GraphBuilder, x: Value, axes: readonly number[] | undefined): boolean {
  const rank = b.rank(x);
  return rank !== undefined && axes?.length === 1 && normalizeAxis(axes[0]!, rank) === rank - 1;
}
