/** Replaces a node that holds a subgraph by the subgraph's nodes. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Graph, Node } from "../../onnx/ir/model.ts";
import { renameNode } from "../../onnx/ir/rename.ts";

/** Appends the nodes of `graph` with `inputs` for its inputs; gives the values of its outputs. */
export function inlineGraph(b: GraphBuilder, graph: Graph, inputs: readonly Value[]): Value[] {
  const names = new Map<string, Value>();
  graph.inputs.forEach(({ name }, i) => names.set(name, inputs[i]!));
  for (const [name, weight] of graph.initializers) names.set(name, b.weight(weight));
  for (const node of graph.nodes) {
    const values = appendRenamed(b, renameNode(node, (name) => names.get(name) ?? name));
    node.outputs.forEach((name, i) => name !== "" && names.set(name, values[i]!));
  }
  return graph.outputs.map(({ name }) => names.get(name) ?? name);
}

/** A node under names that the builder chooses, because a loop's body is inlined more than once. */
function appendRenamed(b: GraphBuilder, node: Node): Value[] {
  return b.node(node.opType, node.inputs.map((name) => name || undefined), {
    attributes: node.attributes,
    domain: node.domain,
    outputs: node.outputs.length,
  });
}

/** The graph in an attribute of a control flow node. @throws {TypeError} If there is none. */
export function subgraphOf(node: Node, attribute: string): Graph {
  const found = node.attributes[attribute];
  if (found?.type === "graph") return found.value;
  throw new TypeError(
    `Cannot read node "${node.name}" (${node.opType}): it has no graph "${attribute}"`,
  );
}
