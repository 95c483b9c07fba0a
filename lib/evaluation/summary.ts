/** From the scores of every model and prompt to what the report says: means, gains, preconditions. @module */
import {
  assertPaired,
  baselines,
  type Cell,
  cellsOf,
  groupBy,
  placesOf,
  rowMeans,
  type Standing,
  standingsOf,
  trainedSources,
} from "./cells.ts";
import { type Comparison, comparisonsOf, type Primary, withHolm } from "./comparisons.ts";
import { type Sweep, sweepsOf } from "./sweeps.ts";
import { transferMatrices, type TransferMatrix } from "./transfer_matrix.ts";
import { type Metric, metricsOf } from "./metrics.ts";
import { type Precondition, preconditionsOf } from "./preconditions.ts";
import type { ScoreSummary } from "./score_summary.ts";
import type { Scores, Setting } from "./scores.ts";
import { bootstrapInterval, clusterSums, meanOf } from "./statistics.ts";

/** What the report is made of. */
export interface Summary {
  readonly scores: readonly ScoreSummary[];
  /** Per source and method the mean over the unseen models, which count as fixed. */
  readonly unseenMeans: readonly ScoreSummary[];
  readonly comparisons: readonly Comparison[];
  readonly preconditions: readonly Precondition[];
  readonly sweeps: readonly Sweep[];
  readonly matrices: readonly TransferMatrix[];
}

/** A model's standing beside all sources of the experiment: a baseline's scores cannot tell. */
function overallStanding(cells: readonly Cell[]): (cell: Cell) => Standing {
  const beside = trainedSources(cells).map((source) => standingsOf(cells, source));
  const ranks: readonly Standing[] = ["clip", "source", "unseen", "own-encoder"];
  return (cell) => {
    const found = new Set(beside.map((standing) => standing(cell)));
    return ranks.find((standing) => found.has(standing)) ??
      (cell.runs[0]!.role === "clip" ? "clip" : "unseen");
  };
}

function meanMetrics(runs: readonly Scores[]): ScoreSummary["metrics"] {
  const all = runs.map(metricsOf);
  const names = Object.keys(all[0]!) as Metric[];
  return Object.fromEntries(
    names.map((name) => [name, all.reduce((sum, m) => sum + m[name]! / all.length, 0)]),
  );
}

function summarizeCell(cell: Cell, role: Standing): ScoreSummary {
  const first = cell.runs[0]!;
  const sums = clusterSums(placesOf(first), rowMeans(cell.runs));
  return {
    task: first.task,
    model: cell.model,
    role,
    source: cell.source,
    method: cell.method,
    metric: first.metric,
    mean: meanOf(sums),
    ci95: bootstrapInterval(sums),
    metrics: meanMetrics(cell.runs),
    n: first.rows.length,
    seeds: cell.runs.map((run) => ({ seed: run.seed, mean: run.mean })),
  };
}

/** The mean over the unseen models of one source, for every method. */
function unseenMeansOf(cells: readonly Cell[]): ScoreSummary[] {
  return trainedSources(cells).flatMap((source) => {
    const mine = cells.filter((c) => c.source === null || c.source === source);
    const standing = standingsOf(mine, source);
    const unseen = mine.filter((c) => standing(c) === "unseen");
    return [...groupBy(unseen, (c) => c.method).values()].map((group) => unseenMean(source, group));
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
    metrics: {},
    n: first.rows.length,
    seeds,
  };
}

/** Baselines first, then prompts by name; sources before unseen models. */
function inTableOrder(scores: readonly ScoreSummary[]): ScoreSummary[] {
  const rank = (s: ScoreSummary) => {
    const baseline = baselines.indexOf(s.method);
    return baseline < 0 ? baselines.length : baseline;
  };
  return scores.toSorted((a, b) => rank(a) - rank(b));
}

/** Runs of one task in one setting. */
interface SettingGroup {
  readonly setting?: Setting;
  readonly scores: readonly Scores[];
}

const keyOf = (setting: Setting = {}) => JSON.stringify(Object.entries(setting).toSorted());

/** One group a setting; baselines without a setting join each group that lacks them. */
function settingGroups(scores: readonly Scores[]): readonly SettingGroup[] {
  const groups = groupBy(scores, (s) => keyOf(s.setting));
  const plain = groups.get(keyOf()) ?? [];
  groups.delete(keyOf());
  const shared = plain.filter(({ sources }) => sources.length === 0);
  const own = plain.length > shared.length || groups.size === 0 ? [{ scores: plain }] : [];
  return [
    ...own,
    ...[...groups.values()].map((group) => {
      const has = (s: Scores) => group.some((g) => g.method === s.method && g.model === s.model);
      return { setting: group[0]!.setting!, scores: [...shared.filter((s) => !has(s)), ...group] };
    }),
  ];
}

/**
 * Summarises scores: one mean per task, setting, source, method and model, the paired comparisons, and
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
    for (const [index, { setting, scores: group }] of settingGroups(ofTask).entries()) {
      const inSetting = (all: readonly ScoreSummary[]) =>
        setting ? inTableOrder(all).map((score) => ({ ...score, setting })) : inTableOrder(all);
      const cells = cellsOf(group);
      const standing = overallStanding(cells);
      const summaries = inSetting(cells.map((cell) => summarizeCell(cell, standing(cell))));
      out.scores.push(...summaries);
      out.unseenMeans.push(...inSetting(unseenMeansOf(cells)));
      out.comparisons.push(
        ...comparisonsOf(cells, { ...options, ...(setting ? { setting } : {}) }),
      );
      // Conditions are those of the task itself: a corrupted one may well be below chance.
      if (index === 0) out.preconditions.push(...preconditionsOf(cells, summaries));
    }
  }
  return {
    ...out,
    comparisons: withHolm(out.comparisons),
    sweeps: sweepsOf(out.scores, out.unseenMeans),
    matrices: transferMatrices(out.scores),
  };
}
