/** Rebuilds a graph without repeated and unused computations. @module */
import { GraphBuilder, type Value } from "../build/builder.ts";
import type { Model, Node } from "../ir/model.ts";
import { pruneModel } from "./prune.ts";
import { renameNode } from "../ir/rename.ts";

/**
 * Removes nodes that give one of their inputs back, computes small known results, and makes equal
 * nodes one. Parts that share weights, such as two models on one encoder, then share their work.
 * Inputs and outputs keep their names, other values get new ones; nodes keep theirs.
 *
 * @example
 * ```ts
 * import { composeModels, GraphBuilder, simplifyModel } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * b.output(b.op("Exp", [b.input("x", "float32", ["n"])]), "y");
 * const model = b.finish();
 * const chain = composeModels([
 *   { name: "first", model },
 *   { name: "second", model, connect: { x: "first.x" } },
 * ]);
 * // An Identity between the two is gone.
 * assertEquals([chain, simplifyModel(chain)].map(({ graph }) => graph.nodes.length), [4, 3]);
 * ```
 */
export function simplifyModel(model: Model): Model {
  const { graph } = model;
  const builder = new GraphBuilder({
    model: { ...model, graph: { ...graph, nodes: [], outputs: [], values: new Map() } },
    prefix: "v/",
  });
  const values = new Map<Value, Value>();
  const rename = (name: Value) => values.get(name) ?? name;
  for (const node of graph.nodes) {
    const results = addNode(builder, renameNode({ ...node, outputs: [] }, rename), node.outputs);
    node.outputs.forEach((name, i) => name !== "" && values.set(name, results[i]!));
  }
  const outputs = graph.outputs.map(({ name }) => name);
  for (const name of outputs) builder.output(rename(name), name);
  return pruneModel(withInputs(builder.finish(), model), outputs);
}

/** Adds a node; an output that is left out in the middle is computed all the same. */
function addNode(builder: GraphBuilder, node: Node, outputs: readonly string[]): Value[] {
  const count = outputs.findLastIndex((name) => name !== "") + 1;
  const { name, domain, attributes } = node;
  return builder.node(node.opType, node.inputs, { name, domain, attributes, outputs: count });
}

/** Inputs stay, also those that nothing reads any more. */
function withInputs(simplified: Model, model: Model): Model {
  return { ...simplified, graph: { ...simplified.graph, inputs: model.graph.inputs } };
}
