/** Counts the nodes of graphs. @module */
import type { Node } from "./model.ts";

/** Number of nodes, those of their subgraphs included. */
export function countNodes(nodes: readonly Node[]): number {
  let count = 0;
  for (const { attributes } of nodes) {
    count++;
    for (const name in attributes) {
      const attribute = attributes[name]!;
      if (attribute.type === "graph") count += countNodes(attribute.value.nodes);
      else if (attribute.type === "graphs") {
        for (const graph of attribute.value) count += countNodes(graph.nodes);
      }
    }
  }
  return count;
}
