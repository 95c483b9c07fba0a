/** What was answered, class by class. @module */
import type { ClassResult } from "../artifacts/report.ts";
import type { Scores } from "../artifacts/scores.ts";

/** The largest number of classes for which confusions are reported. */
const fewClasses = 20;

/**
 * Results class by class, of runs that differ in their seeds alone.
 *
 * @returns Undefined for free answers.
 */
export function classResults(runs: readonly Scores[]): readonly ClassResult[] | undefined {
  const { classes } = runs[0]!;
  if (classes === undefined) return undefined;
  const counts = classes.map(() => new Array<number>(classes.length).fill(0));
  const [rows, hits] = [classes.map(() => 0), classes.map(() => 0)];
  for (const { answer, prediction, hit } of runs.flatMap((run) => run.rows)) {
    const [truth, said] = [Number(answer), Number(prediction)];
    if (counts[truth] === undefined) continue;
    rows[truth]! += 1 / runs.length;
    if (hit) hits[truth]! += 1 / runs.length;
    if (counts[truth][said] !== undefined) counts[truth][said] += 1 / runs.length;
  }
  return classes.map((name, i) => ({
    name,
    rows: Math.round(rows[i]!),
    mean: rows[i]! === 0 ? 0 : hits[i]! / rows[i]!,
    ...(classes.length > fewClasses ? {} : { answered: counts[i]! }),
  }));
}
