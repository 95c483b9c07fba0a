/** How much of a graph is alive at once, read off the graph. @module */
import { valuesRead } from "../../lib/onnx/ir/values_read.ts";
import type { Graph } from "../../lib/onnx/ir/model.ts";

/** Most inner values that are there at the same time when nodes run in the order of the graph. */
export function peakOfValues(
  { nodes, outputs }: Graph,
  counts: (name: string) => boolean = () => true,
): number {
  const last = new Map<string, number>();
  nodes.forEach((node, i) => valuesRead(node).forEach((name) => last.set(name, i)));
  for (const { name } of outputs) last.set(name, nodes.length);
  const alive = new Set<string>();
  let peak = 0;
  nodes.forEach((node, i) => {
    for (const name of node.outputs) if (counts(name) && (last.get(name) ?? i) > i) alive.add(name);
    peak = Math.max(peak, alive.size);
    for (const name of valuesRead(node)) if (last.get(name) === i) alive.delete(name);
  });
  return peak;
}
