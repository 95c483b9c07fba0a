/** From the scores of every model and prompt to what the report says: means, gains, preconditions. @module */
import type { Scores } from "./scores.ts";
import {
  bootstrapInterval,
  type ClusterSums,
  clusterSums,
  crossedInterval,
  holm,
  meanOf,
  type Place,
  signFlipTest,
} from "./statistics.ts";

/** Baselines in the order of every table. */
const BASELINES = ["none", "shrunk", "noise"];

/** Seeds from which a crossed bootstrap is worth showing. */
const CROSSED_SEEDS = 5;

/** Mean score of one model with one method. */
export interface ScoreSummary {
  readonly task: string;
  readonly model: string;
  readonly role: Scores["role"];
  /** The model, or models, the prompt was trained on; null for a baseline. */
  readonly source: string | null;
  readonly method: string;
  readonly metric: string;
  readonly mean: number;
  readonly ci95: readonly [number, number];
  /** Rows. */
  readonly n: number;
  /** Mean of every seed; one entry for a baseline. */
  readonly seeds: readonly { readonly seed: number | null; readonly mean: number }[];
}

/** A paired difference a − b. */
export interface Comparison {
  readonly task: string;
  readonly source: string;
  readonly a: string;
  readonly b: string;
  /** `source`, `unseen` (the mean over the unseen models), or a model's name. */
  readonly over: string;
  readonly difference: number;
  readonly ci95: readonly [number, number];
  /** Interval over seeds and clusters, with at least five seeds. */
  readonly crossed95?: readonly [number, number];
  readonly p: number;
  /** Holm-corrected over all comparisons but the primary one. */
  readonly pHolm?: number;
  readonly primary: boolean;
}

/** One condition of a fair test. */
export interface Precondition {
  readonly task: string;
  readonly name: string;
  readonly holds: boolean;
  readonly found: string;
}

/** What the report is made of. */
export interface Summary {
  readonly scores: readonly ScoreSummary[];
  /** Per source and method the mean over the unseen models, which count as fixed. */
  readonly unseenMeans: readonly ScoreSummary[];
  readonly comparisons: readonly Comparison[];
  readonly preconditions: readonly Precondition[];
}

/** The comparison named beforehand. */
export interface Primary {
  readonly a: string;
  readonly b: string;
  readonly over: "source" | "unseen";
}

/** All runs of one task, by method and by the model they were trained on. */
interface Cell {
  readonly source: string | null;
  readonly method: string;
  readonly model: string;
  readonly runs: readonly Scores[];
}

const sourceOf = (scores: Scores) => scores.sources.length ? scores.sources.join(" + ") : null;

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    groups.get(name)?.push(item) ?? groups.set(name, [item]);
  }
  return groups;
}

function cellsOf(scores: readonly Scores[]): Cell[] {
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
const placesOf = ({ rows, classes }: Scores): Place[] =>
  rows.map(({ cluster, answer }) => classes ? { cluster, stratum: answer } : { cluster });

/** Mean over runs of each row's value. */
function rowMeans(runs: readonly Scores[]): Float64Array {
  const means = new Float64Array(runs[0]!.rows.length);
  for (const run of runs) hits(run).forEach((hit, i) => means[i]! += hit / runs.length);
  return means;
}

/** @throws {RangeError} If runs that are to be paired answered different rows. */
function assertPaired(runs: readonly Scores[]): void {
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

/** A model's role in the whole experiment: a baseline's scores cannot tell. */
function roleOf(cell: Cell, sources: ReadonlySet<string>): Scores["role"] {
  if (cell.runs[0]!.role === "clip") return "clip";
  return sources.has(cell.model) ? "source" : "unseen";
}

const trainedOn = (source: string, model: string) => source.split(" + ").includes(model);

function summarizeCell(cell: Cell, sources: ReadonlySet<string>): ScoreSummary {
  const first = cell.runs[0]!;
  const sums = clusterSums(placesOf(first), rowMeans(cell.runs));
  return {
    task: first.task,
    model: cell.model,
    role: roleOf(cell, sources),
    source: cell.source,
    method: cell.method,
    metric: first.metric,
    mean: meanOf(sums),
    ci95: bootstrapInterval(sums),
    n: first.rows.length,
    seeds: cell.runs.map((run) => ({ seed: run.seed, mean: run.mean })),
  };
}

/** Row-wise difference of two sets of cells over the same models, per seed index of `a`. */
function differences(a: readonly Cell[], b: readonly Cell[]): ClusterSums[] {
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

function meanOfSums(all: readonly ClusterSums[]): ClusterSums {
  const sums = new Float64Array(all[0]!.sums.length);
  for (const one of all) one.sums.forEach((sum, c) => sums[c]! += sum / all.length);
  return { ...all[0]!, sums };
}

function compare(a: readonly Cell[], b: readonly Cell[]): Pick<
  Comparison,
  "difference" | "ci95" | "crossed95" | "p"
> {
  assertPaired([...a, ...b].flatMap((cell) => cell.runs));
  const bySeed = differences(a, b);
  const sums = meanOfSums(bySeed);
  return {
    difference: meanOf(sums),
    ci95: bootstrapInterval(sums),
    ...(bySeed.length >= CROSSED_SEEDS ? { crossed95: crossedInterval(bySeed) } : {}),
    p: signFlipTest(sums),
  };
}

/** Pairs of methods worth comparing: each prompt with both baselines, and with `vp`. */
function methodPairs(methods: readonly string[]): [string, string][] {
  const prompts = methods.filter((m) => !BASELINES.includes(m));
  const against = ["none", "shrunk"].filter((m) => methods.includes(m));
  return [
    ...prompts.filter((m) => m !== "vp" && methods.includes("vp")).map((m): [string, string] => [
      m,
      "vp",
    ]),
    ...prompts.flatMap((m) => against.map((b): [string, string] => [m, b])),
  ];
}

function trainedSources(cells: readonly Cell[]): string[] {
  return [...new Set(cells.map((c) => c.source).filter((s) => s !== null))];
}

/** The mean over the unseen models of one source, for every method. */
function unseenMeansOf(cells: readonly Cell[]): ScoreSummary[] {
  return trainedSources(cells).flatMap((source) => {
    const mine = cells.filter((c) =>
      (c.source === null || c.source === source) && c.runs[0]!.role !== "clip" &&
      !trainedOn(source, c.model)
    );
    return [...groupBy(mine, (c) => c.method).values()].map((group) => unseenMean(source, group));
  });
}

function unseenMean(source: string, group: readonly Cell[]): ScoreSummary {
  const first = group[0]!.runs[0]!;
  assertPaired(group.flatMap((c) => c.runs));
  const means = new Float64Array(first.rows.length);
  for (const cell of group) rowMeans(cell.runs).forEach((m, i) => means[i]! += m / group.length);
  const sums = clusterSums(placesOf(first), means);
  const seeds = group[0]!.runs.map((run, s) => ({
    seed: run.seed,
    mean: group.reduce((sum, c) => sum + (c.runs[s] ?? c.runs[0]!).mean / group.length, 0),
  }));
  return {
    task: first.task,
    model: `mean of ${group.length} unseen`,
    role: "unseen",
    source,
    method: first.method,
    metric: first.metric,
    mean: meanOf(sums),
    ci95: bootstrapInterval(sums),
    n: first.rows.length,
    seeds,
  };
}

function comparisonsOf(cells: readonly Cell[], primary?: Primary): Comparison[] {
  const out: Comparison[] = [];
  for (const source of trainedSources(cells)) {
    const mine = cells.filter((c) => c.source === null || c.source === source);
    for (const [a, b] of methodPairs([...new Set(mine.map((c) => c.method))])) {
      for (const over of ["source", "unseen"] as const) {
        const models = (c: Cell) =>
          c.runs[0]!.role !== "clip" && trainedOn(source, c.model) === (over === "source");
        const [as, bs] = [a, b].map((m) => mine.filter((c) => c.method === m && models(c)));
        if (!as!.length || as!.length !== bs!.length) continue;
        const isPrimary = primary?.a === a && primary.b === b && primary.over === over;
        const task = as![0]!.runs[0]!.task;
        out.push({ task, source, a, b, over, ...compare(as!, bs!), primary: isPrimary });
      }
    }
  }
  return out;
}

function withHolm(comparisons: readonly Comparison[]): Comparison[] {
  const others = comparisons.filter((c) => !c.primary);
  const corrected = new Map(holm(others.map((c) => c.p)).map((p, i) => [others[i]!, p]));
  return comparisons.map((c) => c.primary ? c : { ...c, pHolm: corrected.get(c)! });
}

const percent = (x: number) => `${(100 * x).toFixed(1)} %`;

/** Every model can do the task without a prompt, and has room to do it better. */
function rangeConditions(none: readonly ScoreSummary[], chance: number): Precondition[] {
  return none.filter((s) => s.role !== "clip").map((s) => ({
    task: s.task,
    name: `${s.model} is ≥ 10 points above chance and below 90 % without a prompt`,
    holds: s.mean >= chance + 0.1 && s.mean < 0.9,
    found: `${percent(s.mean)}, chance ${percent(chance)}`,
  }));
}

/** CLIP knows more than the models it is to teach. */
function clipCondition(shrunk: readonly ScoreSummary[]): Precondition[] {
  const clip = shrunk.find((s) => s.role === "clip");
  const models = shrunk.filter((s) => s.role !== "clip");
  if (!clip || models.length === 0) return [];
  const mean = models.reduce((sum, s) => sum + s.mean, 0) / models.length;
  return [{
    task: clip.task,
    name: "CLIP's zero-shot accuracy on the shrunk images is above the models' mean",
    holds: clip.mean > mean,
    found: `CLIP ${percent(clip.mean)}, models ${percent(mean)}`,
  }];
}

/** Targets that agree everywhere are one target. */
function disagreementCondition(runs: readonly Scores[]): Precondition[] {
  const models = runs.filter((r) => r.role !== "clip");
  if (models.length < 2) return [];
  assertPaired(models);
  const rows = models[0]!.rows;
  const split = rows.filter((_, i) =>
    models.some((m) => m.rows[i]!.prediction !== models[0]!.rows[i]!.prediction)
  );
  const share = split.length / rows.length;
  return [{
    task: models[0]!.task,
    name: "the models disagree with one another on at least 10 % of the images",
    holds: share >= 0.1,
    found: percent(share),
  }];
}

function preconditionsOf(cells: readonly Cell[], scores: readonly ScoreSummary[]): Precondition[] {
  const runs = cells.filter((c) => c.method === "none").map((c) => c.runs[0]!);
  const classes = runs[0]?.classes?.length;
  const of = (method: string) => scores.filter((s) => s.method === method);
  return [
    ...rangeConditions(of("none"), classes ? 1 / classes : 0.5),
    ...clipCondition(of("shrunk")),
    ...disagreementCondition(runs),
  ];
}

/** Baselines first, then prompts by name; sources before unseen models. */
function inTableOrder(scores: readonly ScoreSummary[]): ScoreSummary[] {
  const rank = (s: ScoreSummary) => {
    const baseline = BASELINES.indexOf(s.method);
    return baseline < 0 ? BASELINES.length : baseline;
  };
  return scores.toSorted((a, b) => rank(a) - rank(b));
}

/**
 * Summarises scores: one mean per task, source, method and model, the paired comparisons, and
 * whether the test is a fair one.
 *
 * @throws {RangeError} If scores that are to be compared answer different rows.
 */
export function summarize(
  scores: readonly Scores[],
  options: { primary?: Primary } = {},
): Summary {
  const out = {
    scores: [] as ScoreSummary[],
    unseenMeans: [] as ScoreSummary[],
    comparisons: [] as Comparison[],
    preconditions: [] as Precondition[],
  };
  for (const ofTask of groupBy(scores, (s) => s.task).values()) {
    const cells = cellsOf(ofTask);
    const sources = new Set(ofTask.flatMap((s) => s.sources));
    const summaries = inTableOrder(cells.map((cell) => summarizeCell(cell, sources)));
    out.scores.push(...summaries);
    out.unseenMeans.push(...inTableOrder(unseenMeansOf(cells)));
    out.comparisons.push(...comparisonsOf(cells, options.primary));
    out.preconditions.push(...preconditionsOf(cells, summaries));
  }
  return { ...out, comparisons: withHolm(out.comparisons) };
}
