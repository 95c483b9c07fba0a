/** Figures beside the share of hits, by the kind of task. @module */
import type { Metric } from "../artifacts/report.ts";
import type { ScoredRow, Scores } from "../artifacts/scores.ts";
import { classResults } from "./class_results.ts";
import { answerMatches, type Match } from "./match.ts";

/** Classes from which the five best are worth counting. */
const manyClasses = 10;

/**
 * Metrics of a task beside the share of hits.
 *
 * - yes or no (POPE, arXiv 2305.10355, section 4): precision, recall and F1 of "yes", the share of
 *   "yes" among the answers, and the area under the ROC curve of log p(yes) − log p(no) (Hateful
 *   Memes, arXiv 2005.04790);
 * - ten classes or more: top-5;
 * - classes with different numbers of rows: the mean over classes (Oxford Pets' own metric);
 * - free answers: the share that is equal to the truth, and that contains it anywhere (the rule of
 *   arXiv 2404.11207's code for CLEVR), whichever of these counts as a hit; where several people
 *   answered, VQA's accuracy.
 *
 * A share of nothing is 0.
 */
export function metricsOf(scores: Scores): Readonly<Partial<Record<Metric, number>>> {
  const { classes, rows } = scores;
  if (classes === undefined) return freeMetrics(rows);
  const yes = classes.indexOf("yes");
  if (classes.length === 2 && yes >= 0) return yesNoMetrics(rows, yes);
  const results = (classResults([scores]) ?? []).filter(({ rows }) => rows > 0);
  return {
    ...(classes.length >= manyClasses ? { top5: topShare(rows, 5) } : {}),
    ...(new Set(results.map(({ rows }) => rows)).size > 1
      ? { classMean: results.reduce((sum, { mean }) => sum + mean / results.length, 0) }
      : {}),
  };
}

function freeMetrics(rows: readonly ScoredRow[]) {
  const shareOf = (match: Match) =>
    share(
      rows.filter(({ answer, prediction }) =>
        answerMatches(String(prediction), String(answer), match)
      ).length,
      rows.length,
    );
  const isOfPeople = rows.every(({ credit }) => credit !== undefined);
  return {
    exact: shareOf("vqa"),
    contains: shareOf("substring"),
    ...(isOfPeople
      ? { vqa: share(rows.reduce((sum, row) => sum + row.credit!, 0), rows.length) }
      : {}),
  };
}

function yesNoMetrics(rows: readonly ScoredRow[], yes: number) {
  const count = (matches: (row: ScoredRow) => boolean) => rows.filter(matches).length;
  const said = count(({ prediction }) => prediction === yes);
  const true_ = count(({ answer }) => answer === yes);
  const both = count(({ answer, prediction }) => answer === yes && prediction === yes);
  return {
    precision: share(both, said),
    recall: share(both, true_),
    f1: share(2 * both, said + true_),
    yesRatio: share(said, rows.length),
    ...(rows.every(({ scores }) => scores?.length === 2) ? { auc: rocAuc(rows, yes) } : {}),
  };
}

const share = (part: number, whole: number) => whole === 0 ? 0 : part / whole;

/** Probability that a row whose answer is yes has the larger margin; ties count half (Mann–Whitney). */
function rocAuc(rows: readonly ScoredRow[], yes: number): number {
  const margins = rows.map(({ scores, answer }) => ({
    margin: scores![yes]! - scores![1 - yes]!,
    positive: answer === yes,
  })).toSorted((a, b) => a.margin - b.margin);
  const positives = margins.filter(({ positive }) => positive).length;
  const negatives = margins.length - positives;
  if (positives === 0 || negatives === 0) return 0.5;
  let ranks = 0;
  for (let from = 0; from < margins.length;) {
    let to = from;
    while (to < margins.length && margins[to]!.margin === margins[from]!.margin) to++;
    const tied = margins.slice(from, to).filter(({ positive }) => positive).length;
    ranks += tied * (from + to + 1) / 2;
    from = to;
  }
  return (ranks - positives * (positives + 1) / 2) / (positives * negatives);
}

/** Share of rows whose answer is among the best `k`; of equal scores the first is the better one, as for hits. */
function topShare(rows: readonly ScoredRow[], k: number): number {
  const hits = rows.filter(({ scores, answer }) => {
    if (scores === undefined || typeof answer !== "number") return false;
    const own = scores[answer]!;
    return scores.filter((score, i) => score > own || score === own && i < answer).length < k;
  });
  return share(hits.length, rows.length);
}
