/** Runs a plan, and defines what a run needs and what it returns. @module */
import type { RunFinished } from "../contract/event.ts";
import type { Capacity } from "./capacity.ts";
import type { Executor } from "../contract/executor.ts";
import type { Job, JobFailure, JobPlaces } from "../contract/job.ts";
import type { Task } from "../plan/plan.ts";
import type { ResolvedTask, SourceResolver } from "../plan/resolve.ts";
import type { ArtifactStore, ContentDigests, StoreHit } from "../contract/store.ts";

/** What happens to the other tasks after a failure: start no new ones, run all that can run, or stop the running ones too. */
export type FailureMode = "no-new" | "continue" | "kill";

/** Options of a run. */
export interface RunOptions {
  readonly store: ArtifactStore;
  readonly executor: Executor;
  readonly digests: ContentDigests;
  readonly resolver: SourceResolver;
  /** Tasks to run, closed under needs; all by default. */
  readonly selected?: ReadonlySet<number>;
  readonly failureMode?: FailureMode;
  readonly jobs?: number;
  readonly capacity?: Capacity;
  readonly provider?: Job["provider"];
  /** Puts the provider into the keys. */
  readonly strictProvider?: boolean;
  readonly checkpointIntervalMs?: number;
  /** URL of the module that checks outputs, for `Job.check`. */
  readonly outputCheck?: string;
  /** Paths that tasks may read besides the project and the store, for `Job.places`; by default none. */
  readonly places?: Pick<JobPlaces, "read" | "models">;
  /** Replaces secrets by their names in logs and failures of tasks; by default nothing. */
  readonly hide?: (text: string) => string;
  /** Names of a task's inputs that are not what they were when its key was made. */
  readonly changedInputs?: (
    task: Task,
    resolved: ResolvedTask,
    durationMs: number,
  ) => Promise<readonly string[]>;
  /** Tasks to run although their outputs are stored. */
  readonly force?: (task: Task) => boolean;
  /** Called once before the first task runs; an error that it throws ends the run. */
  readonly prepare?: (left: readonly Task[]) => Promise<void>;
  /** Aborting it saves the states of running tasks and ends the run. */
  readonly signal?: AbortSignal;
  /** Waits before a retry; a timer by default. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly now?: () => number;
}

/** The result of a task. */
export interface TaskOutcome {
  readonly task: Task;
  readonly state: "cached" | "ran" | "failed" | "skipped";
  readonly resolved?: ResolvedTask;
  readonly hit?: StoreHit;
  readonly failure?: JobFailure;
  /** What it logged before it failed. */
  readonly log?: readonly string[];
}

/** The result of a run. */
export interface RunSummary extends Omit<RunFinished, "type"> {
  readonly outcomes: readonly TaskOutcome[];
}
