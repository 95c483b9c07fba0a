/**
 * Checks that runs can be compared: the same questions, one model per name, the same seeds.
 *
 * @module
 */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { Scores } from "../artifacts/scores.ts";

/** How a run is named in a message: `tvp, seed 1 on zoo/b`. */
export function runName({ method, seed, model }: Scores): string {
  return `${method}${seed === null ? "" : `, seed ${seed}`} on ${model}`;
}

/** A mistake in what a report was given. */
export function reportMistake(code: string, message: string, ...notes: string[]): DiagnosticError {
  return new DiagnosticError([{ code, severity: "error", message, notes }]);
}

/** Whether two runs answered the same questions in the same order. */
export function isSameData(a: Scores, b: Scores): boolean {
  return a.rows.length === b.rows.length &&
    a.rows.every((row, i) => row.digest === b.rows[i]!.digest);
}

/** @throws {DiagnosticError} If paired runs answered different rows; it names both. */
export function assertPaired(runs: readonly Scores[]): void {
  const [first] = runs;
  const other = runs.find((run) => !isSameData(first!, run));
  if (!first || !other) return;
  const known = new Set(first.rows.map((row) => row.digest));
  const shared = other.rows.filter((row) => known.has(row.digest)).length;
  throw reportMistake(
    "different-data",
    `Cannot compare "${runName(first)}" with "${runName(other)}" on ${first.task}: they answered ` +
      `different data (${first.rows.length} and ${other.rows.length} rows, ${shared} of them the ` +
      `same by image, instruction and answer${
        shared === other.rows.length && shared === first.rows.length ? ", in another order" : ""
      })`,
    "Evaluate both on the same split, or distinguish them by a setting",
  );
}

/** @throws {DiagnosticError} If one name represents two models. */
export function assertOneModelAName(scores: readonly Scores[]): void {
  const digests = new Map<string, string>();
  for (const { model, modelDigest } of scores) {
    const known = digests.get(model) ?? modelDigest;
    digests.set(model, known);
    if (known === modelDigest) continue;
    throw reportMistake(
      "two-models",
      `Cannot distinguish two models: both are called ${model}, their contents differ (${
        known.slice(0, 12)
      } and ${modelDigest.slice(0, 12)})`,
      "Give each model its own name",
    );
  }
}
