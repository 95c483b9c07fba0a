/** Renaming of values, in nodes and in the graphs inside them. @module */
import type { Attribute, Graph, Node, ValueInfo } from "./model.ts";

/** New name of a value; the empty string, an absent value, is never asked for. */
export type Rename = (name: string) => string;

const renamed = (names: readonly string[], rename: Rename) =>
  names.map((name) => name === "" ? "" : rename(name));

function renameAttribute(attribute: Attribute, rename: Rename): Attribute {
  switch (attribute.type) {
    case "graph":
      return { ...attribute, value: renameGraph(attribute.value, rename) };
    case "graphs":
      return { ...attribute, value: attribute.value.map((graph) => renameGraph(graph, rename)) };
    default:
      return attribute;
  }
}

/** A node with renamed values, its subgraphs included. */
export function renameNode(node: Node, rename: Rename): Node {
  const attributes = Object.entries(node.attributes).map(([key, attribute]) =>
    [key, renameAttribute(attribute, rename)] as const
  );
  return {
    ...node,
    inputs: renamed(node.inputs, rename),
    outputs: renamed(node.outputs, rename),
    attributes: Object.fromEntries(attributes),
  };
}

const renameInfo = (info: ValueInfo, rename: Rename) => ({ ...info, name: rename(info.name) });

/** A graph in which every value is renamed, those of the enclosing graph included. */
export function renameGraph(graph: Graph, rename: Rename): Graph {
  const keys = <T>(map: ReadonlyMap<string, T>) =>
    new Map([...map].map(([name, value]) => [rename(name), value] as const));
  return {
    name: graph.name,
    nodes: graph.nodes.map((node) => renameNode(node, rename)),
    inputs: graph.inputs.map((info) => renameInfo(info, rename)),
    outputs: graph.outputs.map((info) => renameInfo(info, rename)),
    initializers: keys(graph.initializers),
    values: keys(graph.values),
  };
}
