/** Merges neighbouring tokens, always the pair that comes first in a table. @module */

/** Rank and result of a pair, by its left token and its right one. */
export type Merges = ReadonlyMap<
  number,
  ReadonlyMap<number, { readonly rank: number; readonly id: number }>
>;

/** Ranks are below this many. */
const places = 2 ** 31;

/** Merges all that can be merged: the lowest rank first, of equal ones the leftmost. */
export function mergeAll(start: readonly number[], merges: Merges): readonly number[] {
  const ids = [...start];
  const next = ids.map((_, i) => i + 1);
  const previous = ids.map((_, i) => i - 1);
  const queue = new Queue();
  const offer = (left: number): void => {
    const right = next[left]!;
    const merge = right < ids.length ? merges.get(ids[left]!)?.get(ids[right]!) : undefined;
    if (merge !== undefined) queue.push({ key: merge.rank * places + left, id: merge.id });
  };
  ids.forEach((_, i) => offer(i));
  const gone = new Set<number>();
  for (let top = queue.pop(); top !== undefined; top = queue.pop()) {
    const left = top.key % places;
    const right = next[left]!;
    // Since it was offered, one of the pair may have been merged with its other neighbour.
    if (gone.has(left) || right >= ids.length) continue;
    if (merges.get(ids[left]!)?.get(ids[right]!)?.id !== top.id) continue;
    ids[left] = top.id;
    gone.add(right);
    next[left] = next[right]!;
    if (next[left]! < ids.length) previous[next[left]!] = left;
    if (previous[left]! >= 0) offer(previous[left]!);
    offer(left);
  }
  return ids.filter((_, i) => !gone.has(i));
}

interface Entry {
  readonly key: number;
  readonly id: number;
}

/** A heap: the entry with the smallest key comes first. */
class Queue {
  readonly #entries: Entry[] = [];

  push(entry: Entry): void {
    const entries = this.#entries;
    let at = entries.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (entries[above]!.key <= entry.key) break;
      entries[at] = entries[above]!;
      at = above;
    }
    entries[at] = entry;
  }

  pop(): Entry | undefined {
    const entries = this.#entries;
    const [top, last] = [entries[0], entries.pop()];
    if (entries.length === 0 || last === undefined) return top;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= entries.length) break;
      if (below + 1 < entries.length && entries[below + 1]!.key < entries[below]!.key) below++;
      if (entries[below]!.key >= last.key) break;
      entries[at] = entries[below]!;
      at = below;
    }
    entries[at] = last;
    return top;
  }
}
