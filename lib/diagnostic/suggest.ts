/** Finds the valid name nearest to a misspelt one: "did you mean …". @module */

/** Number of single-character edits (insert, delete, replace, swap of neighbours) between two words. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, beforeLast[j - 2]! + 1);
      row.push(best);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length]!;
}

/** The candidate nearest to a name, if one is near enough to be meant. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const lower = candidate.toLowerCase();
    const tail = lower.slice(lower.lastIndexOf("/") + 1);
    const distance = Math.min(editDistance(wanted, lower), editDistance(wanted, tail) + 0.5);
    if (distance < bestDistance && distance < candidate.length) {
      [best, bestDistance] = [candidate, distance];
    }
  }
  return best;
}

/** Notes for an unknown name: the nearest one, and the list where it is short. */
export function suggestions(name: string, candidates: Iterable<string>): string[] {
  const all = [...candidates];
  const near = nearest(name, all);
  const notes = near === undefined ? [] : [`did you mean "${near}"?`];
  if (all.length === 0 || (all.length === 1 && near !== undefined)) return notes;
  const shown = all.slice(0, 12).map((candidate) => `"${candidate}"`).join(", ");
  const more = all.length > 12 ? ` and ${all.length - 12} more` : "";
  return [...notes, `known: ${shown}${more}`];
}
