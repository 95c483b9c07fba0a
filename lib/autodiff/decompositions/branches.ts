/** Takes the branch of an `If` that is decided before the graph runs. @module */
import type { Model, Node } from "../../onnx/ir/model.ts";
import { rewriteNodes } from "../engine/rewrite.ts";
import { inlineGraph, subgraphOf } from "./inline_graph.ts";

/** Replaces each If whose condition is known by the branch it takes. */
export function inlineBranches(model: Model): Model {
  if (!model.graph.nodes.some(isBranch)) return model;
  return rewriteNodes(model, (node, b) => {
    const condition = isBranch(node) ? b.constantOf(node.inputs[0]!) : undefined;
    if (condition === undefined) return undefined;
    const taken = Number(condition.data[0]) === 0 ? "else_branch" : "then_branch";
    return inlineGraph(b, subgraphOf(node, taken), []);
  });
}

function isBranch(node: Node): boolean {
  return node.opType === "If" && node.domain === "";
}
