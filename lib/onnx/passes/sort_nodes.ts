/** Topological order: some exporters append nodes at the end, and runtimes put up with it. @module */
import type { Node } from "../ir/model.ts";
import { namesRead } from "../ir/values_read.ts";

/**
 * Nodes in an order in which every value is defined before it is read; nodes that are already in
 * order keep their places. A cycle keeps its nodes at the end, for `checkModel` to report.
 */
export function sortNodes(nodes: readonly Node[]): readonly Node[] {
  const producer = new Map<string, number>();
  nodes.forEach((node, i) => node.outputs.forEach((name) => producer.set(name, i)));
  const needs = nodes.map((node) =>
    namesRead(node).map((name) => producer.get(name)).filter((i) => i !== undefined)
  );
  if (needs.every((indices, i) => indices.every((need) => need < i))) return nodes;
  return depthFirst(needs).map((i) => nodes[i]!);
}

/** Depth first with a stack of its own: graphs are deeper than the call stack. */
function depthFirst(needs: readonly (readonly number[])[]): number[] {
  const order: number[] = [];
  const state = new Uint8Array(needs.length); // 1: entered, 2: placed
  for (let start = 0; start < needs.length; start++) {
    const stack = [start];
    while (stack.length > 0) {
      const i = stack.at(-1)!;
      const open = state[i] === 0 ? needs[i]!.filter((need) => state[need] === 0) : [];
      if (state[i] === 0) state[i] = 1;
      if (open.length > 0) {
        for (const need of open.toReversed()) stack.push(need);
        continue;
      }
      stack.pop();
      if (state[i] !== 2) order.push(i);
      state[i] = 2;
    }
  }
  return order;
}
