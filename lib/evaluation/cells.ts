/** Runs grouped by what they have in common: what is averaged, paired and compared. @module */
import type { Role, Scores } from "./scores.ts";
import { type ClusterSums, clusterSums, type Place } from "./statistics.ts";

/** Baselines in the order of every table. */
export const baselines: readonly string[] = ["none", "shrunk", "noise"];

/** A model's place beside a source: unseen ones may have a vision encoder of their own. */
export type Standing = Role | "own-encoder";

/** All runs of one model with one method, by seed. */
export interface Cell {
  /** The model, or models, the prompt was trained on; null for a baseline. */
  readonly source: string | null;
  readonly method: string;
  readonly model: string;
  readonly runs: readonly Scores[];
}

const sourceOf = (scores: Scores) => scores.sources.length ? scores.sources.join(" + ") : null;

/** Items by a key, in the order of their first. */
export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    groups.get(name)?.push(item) ?? groups.set(name, [item]);
  }
  return groups;
}

/** The cells of one task in one setting. */
export function cellsOf(scores: readonly Scores[]): Cell[] {
  const key = (s: Scores) => JSON.stringify([sourceOf(s), s.method, s.model]);
  return [...groupBy(scores, key).values()].map((runs) => ({
    source: sourceOf(runs[0]!),
    method: runs[0]!.method,
    model: runs[0]!.model,
    runs: runs.toSorted((a, b) => (a.seed ?? -1) - (b.seed ?? -1)),
  }));
}

const hits = (scores: Scores) => scores.rows.map((row) => row.hit ? 1 : 0);

/** Classes are strata: a split is balanced over them by design. */
export function placesOf({ rows, classes }: Scores): Place[] {
  return rows.map(({ cluster, answer }) => classes ? { cluster, stratum: answer } : { cluster });
}

/** Mean over runs of each row's value. */
export function rowMeans(runs: readonly Scores[]): Float64Array {
  const means = new Float64Array(runs[0]!.rows.length);
  for (const run of runs) hits(run).forEach((hit, i) => means[i]! += hit / runs.length);
  return means;
}

/** @throws {RangeError} If runs that are to be paired answered different rows. */
export function assertPaired(runs: readonly Scores[]): void {
  const ids = (run: Scores) => run.rows.map((row) => row.id).join("\n");
  const first = ids(runs[0]!);
  for (const run of runs) {
    if (ids(run) !== first) {
      throw new RangeError(
        `Cannot compare "${
          runs[0]!.model
        }" and "${run.model}" on ${run.task}: they answered different rows; evaluate them on the same split`,
      );
    }
  }
}

/** Whether a model is among those a prompt was trained on. */
export function isTrainedOn(source: string, model: string): boolean {
  return source.split(" + ").includes(model);
}

/** The sources of all prompts. */
export function trainedSources(cells: readonly Cell[]): string[] {
  return [...new Set(cells.map((c) => c.source).filter((s) => s !== null))];
}

/**
 * Where a cell's model stands beside a source. An unseen model has an encoder of its own if its
 * stem is not the source's while some other unseen model shares it; where none does, all are unseen.
 */
export function standingsOf(cells: readonly Cell[], source: string): (cell: Cell) => Standing {
  const stem = (cell: Cell) => cell.runs[0]!.stem;
  const own = new Set(cells.filter((c) => isTrainedOn(source, c.model)).map(stem));
  const shares = (cell: Cell) => stem(cell) === undefined || own.has(stem(cell));
  const isUnseen = (c: Cell) => c.runs[0]!.role !== "clip" && !isTrainedOn(source, c.model);
  const anyShares = cells.some((c) => isUnseen(c) && shares(c));
  return (cell) => {
    if (cell.runs[0]!.role === "clip") return "clip";
    if (isTrainedOn(source, cell.model)) return "source";
    return !anyShares || shares(cell) ? "unseen" : "own-encoder";
  };
}

/** Row-wise difference of two sets of cells over the same models, per seed index of `a`. */
export function differences(a: readonly Cell[], b: readonly Cell[]): ClusterSums[] {
  const seeds = Math.max(...a.map((cell) => cell.runs.length));
  const places = placesOf(a[0]!.runs[0]!);
  return Array.from({ length: seeds }, (_, s) => {
    const values = new Float64Array(places.length);
    for (const cell of a) {
      const other = b.find((candidate) => candidate.model === cell.model)!;
      const [ha, hb] = [pick(cell, s), pick(other, s)];
      for (let i = 0; i < values.length; i++) values[i]! += (ha[i]! - hb[i]!) / a.length;
    }
    return clusterSums(places, values);
  });
}

/** The run of a seed; a baseline has one run that stands against every seed. */
function pick(cell: Cell, seed: number): number[] {
  return hits(cell.runs[Math.min(seed, cell.runs.length - 1)]!);
}

/** Mean of sums over the same clusters. */
export function meanOfSums(all: readonly ClusterSums[]): ClusterSums {
  const sums = new Float64Array(all[0]!.sums.length);
  for (const one of all) one.sums.forEach((sum, c) => sums[c]! += sum / all.length);
  return { ...all[0]!, sums };
}
