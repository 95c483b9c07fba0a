/** The events of a run: one union, and all that loggers and `--json` receive. @module */
import type { Diagnostic } from "../../diagnostic/diagnostic.ts";
import type { JobFailure, QueueState } from "./job.ts";
import type { Key } from "./key.ts";
import type { Progress } from "./stage.ts";

/** Version of the union; goes up when a field changes its meaning or goes away. */
export const eventVersion = 1;

/** The run has a plan and begins. */
export interface RunStarted {
  readonly type: "run-started";
  readonly version: typeof eventVersion;
  readonly pipeline: string;
  readonly tasks: number;
  /** How many of them each stage has. */
  readonly stages?: Readonly<Record<string, number>>;
  /** The largest number of tasks at once. */
  readonly jobs: number;
}

/** The outputs were found in the store. */
export interface TaskCached {
  readonly type: "task-cached";
  readonly task: string;
  readonly stage: string;
  readonly key: Key;
}

/** Another run works on the same key; this one waits for its result. */
export interface TaskWaiting {
  readonly type: "task-waiting";
  readonly task: string;
  readonly stage: string;
  readonly key: Key;
}

/** The task runs. */
export interface TaskStarted {
  readonly type: "task-started";
  readonly task: string;
  readonly stage: string;
  readonly key: Key;
  /** From 1; above it after a retry. */
  readonly attempt: number;
}

/** The task goes on from a checkpoint. */
export interface TaskResumed {
  readonly type: "task-resumed";
  readonly task: string;
  readonly stage: string;
}

/** How far the task is. */
export interface TaskProgress {
  readonly type: "task-progress";
  readonly task: string;
  readonly stage: string;
  readonly progress: Progress;
}

/** A line from the stage. */
export interface TaskLog {
  readonly type: "task-log";
  readonly task: string;
  readonly stage: string;
  readonly line: string;
}

/** What the queue of a cluster says of the task's job. */
export interface TaskQueue {
  readonly type: "task-queue";
  readonly task: string;
  readonly stage: string;
  readonly queue: QueueState;
}

/** A checkpoint was saved. */
export interface TaskCheckpoint {
  readonly type: "task-checkpoint";
  readonly task: string;
  readonly stage: string;
  readonly bytes: number;
}

/** The task failed and will be tried again. */
export interface TaskRetrying {
  readonly type: "task-retrying";
  readonly task: string;
  readonly stage: string;
  readonly failure: JobFailure;
  readonly afterMs: number;
}

/** The task has run and its outputs are stored. */
export interface TaskFinished {
  readonly type: "task-finished";
  readonly task: string;
  readonly stage: string;
  readonly key: Key;
  readonly durationMs: number;
}

/** The task failed for good, or was cancelled. */
export interface TaskFailed {
  readonly type: "task-failed";
  readonly task: string;
  readonly stage: string;
  readonly failure: JobFailure;
}

/** The task was not started: a task it needs failed, or the run is ending. */
export interface TaskSkipped {
  readonly type: "task-skipped";
  readonly task: string;
  readonly stage: string;
  /** `needs`: a task it needs has no outputs; `ending`: no new tasks are started. */
  readonly reason: "needs" | "ending";
}

/** A warning that does not stop the run. */
export interface RunWarning {
  readonly type: "warning";
  readonly diagnostic: Diagnostic;
}

/** The run is over. */
export interface RunFinished {
  readonly type: "run-finished";
  readonly outcome: "done" | "failed" | "interrupted";
  readonly cached: number;
  readonly ran: number;
  readonly failed: number;
  readonly skipped: number;
  readonly durationMs: number;
}

/** Every event of a run. `run-started` is the first, `run-finished` the last. */
export type RunEvent =
  | RunStarted
  | TaskCached
  | TaskWaiting
  | TaskStarted
  | TaskResumed
  | TaskProgress
  | TaskLog
  | TaskQueue
  | TaskCheckpoint
  | TaskRetrying
  | TaskFinished
  | TaskFailed
  | TaskSkipped
  | RunWarning
  | RunFinished;

/** How events name a task. */
export function nameOf(
  task: { readonly id: string; readonly stage: string },
): { readonly task: string; readonly stage: string } {
  return { task: task.id, stage: task.stage };
}
