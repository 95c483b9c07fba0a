/**
 * Turns the scores of every model and prompt into what the report shows: means, gains,
 * preconditions.
 *
 * @module
 */
import type { Metric, Primary, ScoreSummary, Standing, Summary } from "../artifacts/report.ts";
import type { Scores, Setting } from "../artifacts/scores.ts";
import { agreementsOf } from "./agreement.ts";
import { baselines } from "./baselines.ts";
import {
  type Cell,
  cellsOf,
  groupBy,
  layoutOfRun,
  meanHits,
  standingsOf,
  trainedSources,
} from "./cells.ts";
import { classResults } from "./class_results.ts";
import { comparisonsOf } from "./comparisons.ts";
import { estimate } from "./estimate.ts";
import { missingOf, withHolm } from "./family.ts";
import { metricsOf } from "./metrics.ts";
import { assertOneModelAName, isSameData } from "./pairing.ts";
import { preconditionsOf } from "./preconditions.ts";
import { sweepsOf } from "./sweeps.ts";
import { transferMatrices } from "./transfer_matrix.ts";

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

function deltaOf(runs: readonly Scores[]): ScoreSummary["delta"] {
  return {
    rms: runs.reduce((sum, { delta }) => sum + delta.rms / runs.length, 0),
    peak: Math.max(...runs.map(({ delta }) => delta.peak)),
  };
}

/** The mean of one method's cells over their models, rows and seeds. */
function summarizeCells(
  cells: readonly Cell[],
  named: Pick<ScoreSummary, "model" | "role" | "source">,
): ScoreSummary {
  const runs = cells.flatMap((cell) => cell.runs);
  const [first] = runs as [Scores];
  const bySeed = meanHits(cells);
  const { p: _, seeds: _count, ...found } = estimate(layoutOfRun(first), bySeed, [0, 1]);
  const classes = cells.length === 1 ? classResults(runs) : undefined;
  return {
    task: first.task,
    ...named,
    method: cells[0]!.method,
    metric: first.metric,
    ...found,
    delta: deltaOf(runs),
    metrics: cells.length === 1 ? meanMetrics(runs) : {},
    ...(classes === undefined ? {} : { classes }),
    n: first.rows.length,
    seeds: cells[0]!.runs.map(({ seed }, s) => ({
      seed,
      mean: cells.reduce((sum, cell) => sum + cell.runs[s]!.mean / cells.length, 0),
    })),
  };
}

/** The mean over the unseen models of one source, for every method. */
function unseenMeansOf(cells: readonly Cell[]): ScoreSummary[] {
  return trainedSources(cells).flatMap((source) => {
    const mine = cells.filter((c) => c.source === null || c.source === source);
    const standing = standingsOf(mine, source);
    const unseen = mine.filter((c) => standing(c) === "unseen");
    return [...groupBy(unseen, (c) => c.method).values()].map((group) =>
      summarizeCells(group, { model: `mean of ${group.length} unseen`, role: "unseen", source })
    );
  });
}

/** Baselines first, then prompts in the given order. */
function inTableOrder(scores: readonly ScoreSummary[]): ScoreSummary[] {
  const rank = ({ method }: ScoreSummary) => {
    const baseline = baselines.indexOf(method.split(",")[0]!);
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

/** One group a setting; baselines without a setting join each group of their rows that lacks them. */
function settingGroups(scores: readonly Scores[]): readonly SettingGroup[] {
  const groups = groupBy(scores, (s) => keyOf(s.setting));
  const plain = groups.get(keyOf()) ?? [];
  groups.delete(keyOf());
  const shared = plain.filter(({ method }) => baselines.includes(method));
  const own = plain.length > shared.length || groups.size === 0 ? [{ scores: plain }] : [];
  return [
    ...own,
    ...[...groups.values()].map((group) => {
      const has = (s: Scores) => group.some((g) => g.method === s.method && g.model === s.model);
      const joining = shared.filter((s) => !has(s) && isSameData(s, group[0]!));
      return { setting: group[0]!.setting!, scores: [...joining, ...group] };
    }),
  ];
}

/** Settings of a summary. */
export interface SummaryOptions {
  /** The family of comparisons named beforehand. */
  readonly primary?: readonly Primary[];
  /** Baselines on the validation split, for the preconditions. */
  readonly validation?: readonly Scores[];
}

/**
 * Summarises scores: one mean per task, setting, source, method and model, the paired comparisons, and
 * whether the test is a fair one.
 *
 * @throws {DiagnosticError} If compared scores answer different rows, a seed is
 * missing, or runs nothing distinguishes.
 */
export function summarize(scores: readonly Scores[], options: SummaryOptions = {}): Summary {
  const { primary = [], validation = [] } = options;
  assertOneModelAName([...scores, ...validation]);
  const groups = [...groupBy(scores, (s) => s.task).values()].map(settingGroups);
  const parts = groups.flat().map((group) => summarizeGroup(group, primary));
  // Conditions are those of the task itself: a corrupted one may well be below chance.
  const fairness = groups.map(([first]) => fairnessOf(first!.scores, validation));
  const summaries = parts.flatMap((part) => part.scores);
  const unseenMeans = parts.flatMap((part) => part.unseenMeans);
  const comparisons = withHolm(parts.flatMap((part) => part.comparisons));
  return {
    scores: summaries,
    unseenMeans,
    comparisons,
    family: primary,
    missing: missingOf(primary, comparisons),
    agreements: fairness.flatMap((of) => of.agreements),
    preconditions: fairness.flatMap((of) => of.preconditions),
    sweeps: sweepsOf(summaries, unseenMeans),
    matrices: transferMatrices(summaries),
  };
}

/** What one task says in one setting. */
function summarizeGroup(
  { setting, scores }: SettingGroup,
  primary: readonly Primary[],
): Pick<Summary, "scores" | "unseenMeans" | "comparisons"> {
  const inSetting = (all: readonly ScoreSummary[]) =>
    setting ? inTableOrder(all).map((score) => ({ ...score, setting })) : inTableOrder(all);
  const cells = cellsOf(scores);
  const standing = overallStanding(cells);
  return {
    scores: inSetting(
      cells.map((cell) =>
        summarizeCells([cell], { model: cell.model, role: standing(cell), source: cell.source })
      ),
    ),
    unseenMeans: inSetting(unseenMeansOf(cells)),
    comparisons: comparisonsOf(cells, { primary, ...(setting ? { setting } : {}) }),
  };
}

/** Whether a task is a fair test, by baselines on the validation split where they were evaluated. */
function fairnessOf(
  scores: readonly Scores[],
  validation: readonly Scores[],
): Pick<Summary, "agreements" | "preconditions"> {
  const cells = cellsOf(scores);
  const sources = trainedSources(cells);
  const agreements = agreementsOf(cells, sources);
  const checked = cellsOf(validation.filter(({ task }) => task === scores[0]!.task));
  const on = checked.length === 0
    ? undefined
    : { cells: checked, agreements: agreementsOf(checked, sources) };
  return { agreements, preconditions: preconditionsOf(cells, agreements, on) };
}
