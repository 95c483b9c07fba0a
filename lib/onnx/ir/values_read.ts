/** Which values nodes and subgraphs read. @module */
import type { Graph, Node } from "./model.ts";

/** Values a node reads: its inputs, absent ones as empty names, then those its subgraphs capture. */
export function valuesRead(node: Node): readonly string[] {
  const captured = capturedValues(node);
  return captured.length === 0 ? node.inputs : [...node.inputs, ...captured];
}

/** Names of the values a node reads, without absent inputs. */
export function namesRead(node: Node): readonly string[] {
  return valuesRead(node).filter((name) => name !== "");
}

/** Values that the subgraphs of a node take from outside, each once. */
export function capturedValues(node: Node): readonly string[] {
  const captured = Object.values(node.attributes).flatMap((attribute) => {
    if (attribute.type === "graph") return capturedBy(attribute.value);
    return attribute.type === "graphs" ? attribute.value.flatMap(capturedBy) : [];
  });
  return captured.length === 0 ? captured : [...new Set(captured)];
}

/** Values a subgraph reads but does not define. */
export function capturedBy(graph: Graph): readonly string[] {
  const own = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
  const read = [...graph.nodes.flatMap(valuesRead), ...graph.outputs.map(({ name }) => name)];
  return read.filter((name) => name !== "" && !own.has(name));
}
