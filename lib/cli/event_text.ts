/** Writes events as lines for people. @module */
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { RunEvent } from "../pipeline/contract/event.ts";
import type { JobFailure, QueueState } from "../pipeline/contract/job.ts";
import type { Progress } from "../pipeline/contract/stage.ts";
import { count, formatDuration } from "./print.ts";

/** Line of an event; `undefined` where it is not worth one. */
export function eventLine(event: RunEvent): string | undefined {
  const line = lines[event.type] as ((event: RunEvent) => string | undefined) | undefined;
  return line?.(event);
}

type Lines = { [T in RunEvent["type"]]?: (event: RunEvent & { type: T }) => string | undefined };

const lines: Lines = {
  "task-started": (event) =>
    event.attempt > 1 ? `… ${event.task} attempt ${event.attempt}` : `… ${event.task}`,
  "task-resumed": (event) => `… ${event.task} continues from its checkpoint`,
  "task-waiting": (event) => `… ${event.task} waits for another run that does the same`,
  "task-queue": ({ task, queue }) =>
    queue.advice === undefined
      ? `… ${task} ${queueText(queue)}`
      : `! ${task} ${queueText(queue)}: ${queue.advice}`,
  "task-log": (event) => `  ${event.task}: ${event.line}`,
  "task-finished": (event) => `✓ ${event.task} ${formatDuration(event.durationMs)}`,
  "task-failed": (event) =>
    event.failure.reason === "cancelled" && event.failure.diagnostics === undefined
      ? `- ${event.task} stopped${stoppedText(event.failure)}`
      : `✗ ${event.task}: ${failureText(event.failure)}`,
  "task-retrying": (event) =>
    `! ${event.task}: ${failureText(event.failure)}; next try in ${formatDuration(event.afterMs)}`,
  "warning": ({ diagnostic }) => `! ${warningText(diagnostic)}`,
};

function stoppedText({ began, saved }: JobFailure): string {
  if (saved) return "; the state it has saved is kept";
  return began === false ? " before it began" : "";
}

/** `job 123_4 waits (Resources)`, `job 123_4 runs on node7` */
export function queueText({ id, phase, reason, node }: QueueState): string {
  const why = reason === undefined ? "" : ` (${reason})`;
  return phase === "waits" ? `job ${id} waits${why}` : `job ${id} runs${node ? ` on ${node}` : ""}`;
}

/** A warning with the place that it is about, where it is about one. */
export function warningText({ message, location, notes = [] }: Diagnostic): string {
  const place = location === undefined
    ? ""
    : `${location.path}:${location.line}:${location.column}: `;
  return [`${place}${message}`, ...noted(notes)].join("\n");
}

const reasonWords = {
  error: "",
  crash: "its process died: ",
  timeout: "out of time: ",
  cancelled: "",
} as const;

function failureText(failure: JobFailure): string {
  const notes = (failure.diagnostics ?? []).flatMap((diagnostic) => diagnostic.notes ?? []);
  return [reasonWords[failure.reason] + failure.message, ...noted(notes)].join("\n");
}

function noted(notes: readonly string[]): readonly string[] {
  return notes.map((note) => `    = ${note}`);
}

/** Last line of a run. */
export function summaryLine(event: RunEvent & { type: "run-finished" }): string {
  const { cached, ran, failed, skipped } = event;
  const total = cached + ran + failed + skipped;
  const time = formatDuration(event.durationMs);
  if (cached === total) return `Nothing to do: ${count(total, "task")}, all cached (${time})`;
  const parts = [
    `${ran} ran`,
    ...(cached > 0 ? [`${cached} cached`] : []),
    ...(failed > 0 ? [`${failed} ${event.outcome === "interrupted" ? "stopped" : "failed"}`] : []),
    ...(skipped > 0 ? [`${skipped} not started`] : []),
  ];
  const words = { done: "Done", failed: "Failed", interrupted: "Interrupted" }[event.outcome];
  const next = event.outcome === "interrupted" ? ". Run the same command again to go on" : "";
  return `${words}: ${count(total, "task")}, ${parts.join(", ")} in ${time}${next}`;
}

/** What is known of the speed of a task. */
export interface Pace {
  /** Milliseconds since the first progress of this attempt. */
  readonly elapsedMs: number;
  /** `done` at that time. */
  readonly firstDone: number;
}

/** `120/200 steps  loss 0.71  61 steps/s  ETA 2 s`: what a narrow screen cuts off comes last. */
export function progressText(progress: Progress, pace: Pace): string {
  const { done, total, unit, metrics = {} } = progress;
  const rate = (done - pace.firstDone) / (pace.elapsedMs / 1000);
  const known = Number.isFinite(rate) && rate > 0;
  return [
    `${done}/${total} ${unit}`,
    ...Object.entries(metrics).map(([name, value]) => `${name} ${formatNumber(value)}`),
    ...(known ? [`${formatRate(rate)} ${unit}/s`] : []),
    ...(known && total > done ? [`ETA ${formatDuration((total - done) / rate * 1000)}`] : []),
  ].join("  ");
}

function formatRate(rate: number): string {
  return rate >= 10 ? rate.toFixed(0) : rate.toPrecision(2);
}

function formatNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}
