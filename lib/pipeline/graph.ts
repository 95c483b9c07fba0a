/** Order of things that need one another. @module */

/** Names in an order in which each comes after what it needs, or a cycle. */
export type OrderResult =
  | { readonly ok: true; readonly order: readonly string[] }
  | { readonly ok: false; readonly cycle: readonly string[] };

/** Sorts names by what they need, keeping the given order where that leaves a choice. */
export function orderByNeeds(needs: ReadonlyMap<string, ReadonlySet<string>>): OrderResult {
  const order: string[] = [];
  const state = new Map<string, "open" | "done">();
  const trail: string[] = [];
  const visit = (name: string): readonly string[] | undefined => {
    if (state.get(name) === "done") return undefined;
    if (state.get(name) === "open") return [...trail.slice(trail.indexOf(name)), name];
    state.set(name, "open");
    trail.push(name);
    for (const need of needs.get(name) ?? []) {
      const cycle = visit(need);
      if (cycle) return cycle;
    }
    trail.pop();
    state.set(name, "done");
    order.push(name);
    return undefined;
  };
  for (const name of needs.keys()) {
    const cycle = visit(name);
    if (cycle) return { ok: false, cycle };
  }
  return { ok: true, order };
}

/** A node of a graph given in topological order. */
export interface GraphNode {
  readonly needs: readonly number[];
}

/** For each node the nodes that need it. */
export function dependentsOf(nodes: readonly GraphNode[]): number[][] {
  const dependents: number[][] = nodes.map(() => []);
  nodes.forEach((node, index) => {
    for (const need of node.needs) dependents[need]!.push(index);
  });
  return dependents;
}

/** Length of the longest chain from each node to an end, itself included, by weight. */
export function criticalPaths(
  nodes: readonly GraphNode[],
  weight: (index: number) => number,
): Float64Array {
  const dependents = dependentsOf(nodes);
  const lengths = new Float64Array(nodes.length);
  for (let index = nodes.length - 1; index >= 0; index--) {
    let longest = 0;
    for (const dependent of dependents[index]!) longest = Math.max(longest, lengths[dependent]!);
    lengths[index] = longest + weight(index);
  }
  return lengths;
}

/** The given nodes and all that they need, directly or not. */
export function withNeeds(nodes: readonly GraphNode[], wanted: Iterable<number>): Set<number> {
  const found = new Set<number>();
  const open = [...wanted];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (found.has(index)) continue;
    found.add(index);
    open.push(...nodes[index]!.needs);
  }
  return found;
}
