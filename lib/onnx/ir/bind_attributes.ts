/** Replaces references to attributes in a function's body by the attributes of the call. @module */
import type { Attribute, Graph, Node } from "./model.ts";

type Attributes = Readonly<Record<string, Attribute>>;

/** The node with its references to attributes of the enclosing function replaced. */
export function bindAttributes(node: Node, values: Attributes): Node {
  const attributes: Record<string, Attribute> = {};
  for (const [name, attribute] of Object.entries(node.attributes)) {
    const bound = bindAttribute(attribute, values);
    if (bound !== undefined) attributes[name] = bound;
  }
  return { ...node, attributes };
}

/** A reference to an attribute that the call leaves out vanishes: the operator's default holds. */
function bindAttribute(attribute: Attribute, values: Attributes): Attribute | undefined {
  if (attribute.type === "ref") return values[attribute.value];
  if (attribute.type === "graph") {
    return { type: "graph", value: bindGraph(attribute.value, values) };
  }
  if (attribute.type === "graphs") {
    return { type: "graphs", value: attribute.value.map((g) => bindGraph(g, values)) };
  }
  return attribute;
}

function bindGraph(graph: Graph, values: Attributes): Graph {
  return { ...graph, nodes: graph.nodes.map((node) => bindAttributes(node, values)) };
}
