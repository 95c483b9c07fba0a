/** New names for values, new subgraphs for nodes, and new dimensions for types. @module */
import type { Attribute, Dim, Graph, Node, ValueInfo, ValueType } from "./model.ts";

/** New name of a value; the empty string, an absent value, is never asked for. */
export type Rename = (name: string) => string;

/** The node with every subgraph replaced; itself if it has none. */
export function mapSubgraphs(node: Node, map: (graph: Graph) => Graph): Node {
  const graphs = Object.values(node.attributes).some((a) =>
    a.type === "graph" || a.type === "graphs"
  );
  if (!graphs) return node;
  const attributes: Record<string, Attribute> = {};
  for (const [name, a] of Object.entries(node.attributes)) {
    if (a.type === "graph") attributes[name] = { type: "graph", value: map(a.value) };
    else if (a.type === "graphs") attributes[name] = { type: "graphs", value: a.value.map(map) };
    else attributes[name] = a;
  }
  return { ...node, attributes };
}

/** The node with its values renamed, in subgraphs as well; the empty name stays. */
export function renameNode(node: Node, rename: Rename): Node {
  const keep = (name: string) => name === "" ? "" : rename(name);
  return mapSubgraphs(
    { ...node, inputs: node.inputs.map(keep), outputs: node.outputs.map(keep) },
    (graph) => renameGraph(graph, rename),
  );
}

/** The graph with all its values renamed, inputs and outputs too. */
export function renameGraph(graph: Graph, rename: Rename): Graph {
  return {
    name: graph.name,
    nodes: graph.nodes.map((node) => renameNode(node, rename)),
    inputs: graph.inputs.map((v) => ({ ...v, name: rename(v.name) })),
    outputs: graph.outputs.map((v) => ({ ...v, name: rename(v.name) })),
    initializers: new Map([...graph.initializers].map(([name, w]) => [rename(name), w])),
    values: new Map([...graph.values].map(([name, t]) => [rename(name), t])),
  };
}

/** The graph with all dimensions of its types replaced, in subgraphs as well. */
export function mapTypes(graph: Graph, replace: (dim: Dim) => Dim): Graph {
  const typed = (info: ValueInfo) => ({ ...info, type: mapType(info.type, replace) });
  return {
    ...graph,
    nodes: graph.nodes.map((node) => mapSubgraphs(node, (inner) => mapTypes(inner, replace))),
    inputs: graph.inputs.map(typed),
    outputs: graph.outputs.map(typed),
    values: new Map([...graph.values].map(([name, type]) => [name, mapType(type, replace)])),
  };
}

function mapType(type: ValueType, replace: (dim: Dim) => Dim): ValueType {
  if (type.kind === "tensor") {
    return type.dims === undefined ? type : { ...type, dims: type.dims.map(replace) };
  }
  return type.kind === "unknown" ? type : { ...type, element: mapType(type.element, replace) };
}
