/** Judges a report by its tasks that were computed again. @module */
import { readScores } from "../artifacts/scores.ts";
import type { Task } from "../pipeline/plan/plan.ts";
import type { TaskOutcome } from "../pipeline/run/run.ts";
import type { Artifact } from "../pipeline/contract/stage.ts";
import type { SignedTask } from "./statement.ts";

/**
 * `same`: all bytes; `agrees`: other bytes, but scores that differ by no more than is allowed;
 * `open`: other bytes and no scores, so that what needs the task has to decide; `follows`: the same,
 * but made of other bytes, so that these have to decide; `differs`; `failed`.
 */
export type TaskState = "same" | "agrees" | "open" | "follows" | "differs" | "failed";

/** Why a task is computed again: drawn, it wrote the report, or others need it. */
export type Why = "drawn" | "report" | "needed";

/** What a task came to when it was computed again. */
export interface TaskVerdict {
  readonly index: number;
  readonly task: string;
  readonly why: Why;
  readonly state: TaskState;
  /** Of scores: the largest difference of means. */
  readonly within?: number;
  /** Outputs with other bytes, or why it failed. */
  readonly cause?: string;
}

/** A task and the outputs that it should give. */
export interface Judging {
  readonly signed: SignedTask;
  readonly outcome: TaskOutcome | undefined;
  readonly why: Why;
  readonly tolerance: number;
}

/** Compares what a task gave with what is signed. */
export async function verdictOf(
  { index, id }: Task,
  { signed, outcome, why, tolerance }: Judging,
): Promise<TaskVerdict> {
  const base = { index, task: id, why };
  const outputs = outcome?.hit?.outputs;
  if (outputs === undefined) {
    return { ...base, state: "failed", cause: outcome?.failure?.message ?? "it was not run" };
  }
  const others = Object.entries(signed.outputs).filter(([name, { digest }]) =>
    outputs[name]?.digest !== digest
  );
  const within = await largestDifference(signed, outputs);
  const scored = within === undefined ? {} : { within };
  if (others.length === 0) return { ...base, state: "same", ...scored };
  const cause = others.map(([name]) => name).join(", ");
  if (within === undefined) {
    return { ...base, state: outcome?.resolved?.key === signed.key ? "open" : "follows", cause };
  }
  return { ...base, state: within <= tolerance ? "agrees" : "differs", within, cause };
}

/** Mean of scores; `undefined` of what has none. */
export async function meanOf({ type, path }: Artifact): Promise<number | undefined> {
  return type === "scores" ? (await readScores(path)).mean : undefined;
}

/** Between the means that are signed and those of outputs; `undefined` where there are none. */
async function largestDifference(
  { outputs }: SignedTask,
  here: Readonly<Record<string, Artifact>>,
): Promise<number | undefined> {
  const differences = Object.entries(outputs).map(async ([name, { mean }]) => {
    if (mean === undefined) return [];
    const other = here[name] && await meanOf(here[name]);
    // Rounded: 0.504 − 0.5 is not to be more than 0.004.
    return [other === undefined ? Infinity : Number(Math.abs(other - mean).toFixed(12))];
  });
  const all = (await Promise.all(differences)).flat();
  return all.length === 0 ? undefined : Math.max(...all);
}

/** Whether nothing that was computed from an open task has scores to judge it by. */
export function isUndecided(
  { index, state }: TaskVerdict,
  verdicts: readonly TaskVerdict[],
  dependents: readonly (readonly number[])[],
): boolean {
  if (state !== "open") return false;
  const again = new Map(verdicts.map((verdict) => [verdict.index, verdict]));
  const seen = new Set<number>();
  // Only outputs that were computed again count too: everything else rests on the signed bytes.
  for (const open = [index]; open.length > 0;) {
    for (const next of dependents[open.pop()!]!) {
      const verdict = again.get(next);
      if (verdict === undefined || seen.has(next)) continue;
      if (verdict.within !== undefined) return false;
      seen.add(next);
      open.push(next);
    }
  }
  return true;
}

/** What all tasks together come to. */
export interface ReportVerdict {
  readonly verdict: "same" | "agrees" | "undecided" | "differs";
  /** Largest difference of means, where bytes differ. */
  readonly within?: number;
}

/** The verdict on a report. */
export function judge(
  verdicts: readonly TaskVerdict[],
  dependents: readonly (readonly number[])[],
): ReportVerdict {
  const has = (state: TaskState) => verdicts.some((verdict) => verdict.state === state);
  if (has("differs") || has("failed")) return { verdict: "differs" };
  if (verdicts.some((verdict) => isUndecided(verdict, verdicts, dependents))) {
    return { verdict: "undecided" };
  }
  const within = Math.max(...verdicts.map(({ within = 0 }) => within));
  return has("agrees") || has("open") ? { verdict: "agrees", within } : { verdict: "same" };
}
