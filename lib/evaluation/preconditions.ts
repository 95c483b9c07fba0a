/** Whether an experiment is a fair test. @module */
import { assertPaired, type Cell } from "./cells.ts";
import type { Scores } from "./scores.ts";
import type { ScoreSummary } from "./score_summary.ts";

/** One condition of a fair test. */
export interface Precondition {
  readonly task: string;
  readonly name: string;
  readonly holds: boolean;
  readonly found: string;
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

/** What guessing scores: any of the classes, or the commonest of free answers every time. */
function chanceOf({ classes, rows }: Scores): number {
  if (classes) return 1 / classes.length;
  const counts = new Map<string, number>();
  for (const { answer } of rows) counts.set(`${answer}`, (counts.get(`${answer}`) ?? 0) + 1);
  return Math.max(0, ...counts.values()) / Math.max(1, rows.length);
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

/** The conditions of one task; `scores` are the summaries of its cells. */
export function preconditionsOf(
  cells: readonly Cell[],
  scores: readonly ScoreSummary[],
): Precondition[] {
  const runs = cells.filter((c) => c.method === "none").map((c) => c.runs[0]!);
  const of = (method: string) => scores.filter((s) => s.method === method);
  return [
    ...rangeConditions(of("none"), runs[0] ? chanceOf(runs[0]) : 0),
    ...clipCondition(of("shrunk")),
    ...disagreementCondition(runs),
  ];
}
