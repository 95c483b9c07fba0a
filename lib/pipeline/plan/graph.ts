/** Sorts things so that each comes after those it needs. @module */

/** Names in an order in which each comes after what it needs, or a cycle. */
export type OrderResult =
  | { readonly ok: true; readonly order: readonly string[] }
  | { readonly ok: false; readonly cycle: readonly string[] };

/** Sorts names by what they need, keeping the given order where that leaves a choice. */
export function orderByNeeds(needs: ReadonlyMap<string, ReadonlySet<string>>): OrderResult {
  const order: string[] = [];
  const done = new Set<string>();
  // A stack of our own: chains may be longer than the language's can be.
  const trail: { readonly name: string; readonly rest: Iterator<string> }[] = [];
  const open = new Set<string>();
  const enter = (name: string) => {
    open.add(name);
    trail.push({ name, rest: (needs.get(name) ?? new Set<string>()).values() });
  };
  for (const root of needs.keys()) {
    if (!done.has(root)) enter(root);
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const { value: need, done: isLast } = top.rest.next();
      if (isLast) {
        trail.pop();
        open.delete(top.name);
        done.add(top.name);
        order.push(top.name);
      } else if (open.has(need)) {
        const names = trail.map(({ name }) => name);
        return { ok: false, cycle: [...names.slice(names.indexOf(need)), need] };
      } else if (!done.has(need)) enter(need);
    }
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
    for (const needed of nodes[index]!.needs) open.push(needed);
  }
  return found;
}
