/**
 * Counts how many independent models the unseen ones are worth. Models that answer alike count
 * less.
 *
 * @module
 */
import type { Agreement } from "../artifacts/report.ts";
import type { Scores } from "../artifacts/scores.ts";
import { baselines } from "./baselines.ts";
import { type Cell, hits, standingsOf } from "./cells.ts";
import { assertPaired } from "./pairing.ts";

/**
 * The agreement of the models that each source's prompts have not seen, on the shrunk images if
 * they were tried.
 */
export function agreementsOf(cells: readonly Cell[], sources: readonly string[]): Agreement[] {
  const method = ["shrunk", ...baselines].find((name) => cells.some((c) => c.method === name));
  if (method === undefined) return [];
  const plain = cells.filter((c) => c.method === method);
  return sources.flatMap((source) => {
    const standing = standingsOf(plain, source);
    const unseen = plain.filter((c) => ["unseen", "own-encoder"].includes(standing(c)));
    return unseen.length < 2 ? [] : [agreementOf(source, unseen)];
  });
}

function agreementOf(source: string, cells: readonly Cell[]): Agreement {
  const runs = cells.map((cell) => cell.runs[0]!);
  assertPaired(runs);
  const pairs = runs.flatMap((a, i) => runs.slice(i + 1).map((b) => [a, b] as const));
  const across = pairs.filter(([a, b]) => a.stem !== undefined && a.stem !== b.stem);
  const correlation = mean(pairs.map(([a, b]) => correlationOf(hits(a), hits(b))));
  const count = runs.length;
  return {
    task: runs[0]!.task,
    source,
    method: cells[0]!.method,
    models: runs.map(({ model }) => model),
    correlation,
    effective: count / (1 + (count - 1) * Math.max(0, correlation)),
    kappa: mean(pairs.map(([a, b]) => kappaOf(a, b))),
    ...(across.length > 0
      ? { kappaAcrossEncoders: mean(across.map(([a, b]) => kappaOf(a, b))) }
      : {}),
  };
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** Pearson's correlation; of a constant with itself 1, with another value 0. */
export function correlationOf(a: Float64Array, b: Float64Array): number {
  const [ma, mb] = [mean([...a]), mean([...b])];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, i) => {
    ab += (value - ma) * (b[i]! - mb);
    aa += (value - ma) ** 2;
    bb += (b[i]! - mb) ** 2;
  });
  if (aa === 0 && bb === 0) return ma === mb ? 1 : 0;
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

/** Cohen's κ (1960) of two runs' predictions: 1 for equal ones, 0 for as many as chance makes equal. */
export function kappaOf(a: Scores, b: Scores): number {
  const rows = a.rows.length;
  const counts = (scores: Scores) => {
    const found = new Map<string | number, number>();
    for (const { prediction } of scores.rows) {
      found.set(prediction, (found.get(prediction) ?? 0) + 1);
    }
    return found;
  };
  const others = counts(b);
  const same = a.rows.filter((row, i) => row.prediction === b.rows[i]!.prediction).length / rows;
  let chance = 0;
  for (const [prediction, count] of counts(a)) {
    chance += count * (others.get(prediction) ?? 0) / rows ** 2;
  }
  return chance === 1 ? 1 : (same - chance) / (1 - chance);
}
