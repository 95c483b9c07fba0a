/** Runs one task through the executor and into the store, with its retries. @module */
import { delay } from "@std/async/delay";
import { dirname } from "@std/path";
import { type Diagnostic, DiagnosticError } from "../../diagnostic/diagnostic.ts";
import { nameOf, type RunEvent } from "../contract/event.ts";
import { type Job, type JobFailure, type JobResult, onCard } from "../contract/job.ts";
import { isolationOf, type Task } from "../plan/plan.ts";
import type { ResolvedTask } from "../plan/resolve.ts";
import { LogLimit } from "./log_limit.ts";
import type { RunOptions, TaskOutcome } from "./run.ts";
import type { StoreHit, Workspace } from "../contract/store.ts";

/** A pause that doubles and doubles must not outlast the run. */
const longestWaitMs = 3_600_000;

/** What the tasks of a run share. */
export interface TaskRunnerOptions {
  readonly run: RunOptions;
  readonly emit: (event: RunEvent) => void;
  /** Aborted to stop the tasks that run. */
  readonly signal: AbortSignal;
  /** Whether new attempts may begin. */
  readonly goesOn: () => boolean;
}

/** What of the machine a task has. */
export interface TaskPlace {
  /** Of several cards the one that is the task's. */
  readonly card: number | undefined;
  /** How many tasks like it may run at once. */
  readonly sideBySide: number;
}

/** Runs the tasks of a run. */
export class TaskRunner {
  readonly #options: RunOptions;
  readonly #emit: (event: RunEvent) => void;
  readonly #signal: AbortSignal;
  readonly #goesOn: () => boolean;

  constructor({ run, emit, signal, goesOn }: TaskRunnerOptions) {
    this.#options = run;
    this.#emit = emit;
    this.#signal = signal;
    this.#goesOn = goesOn;
  }

  /** Runs a task as often as its retries allow; what fails is an outcome. */
  async run(task: Task, resolved: ResolvedTask, place: TaskPlace): Promise<TaskOutcome> {
    const { attempts, backoffMs, on } = task.retries;
    for (let attempt = 1;; attempt++) {
      const outcome = await this.#attempt(task, resolved, { attempt, place });
      const { failure } = outcome;
      if (!failure || attempt > attempts || !on.includes(failure.reason) || !this.#goesOn()) {
        return outcome;
      }
      const afterMs = Math.min(backoffMs * 2 ** (attempt - 1), Math.max(backoffMs, longestWaitMs));
      this.#emit({ type: "task-retrying", ...nameOf(task), failure, afterMs });
      try {
        await this.#wait(afterMs);
      } catch {
        return outcome;
      }
    }
  }

  #wait(ms: number): Promise<void> {
    const { wait = (ms, signal) => delay(ms, { signal }) } = this.#options;
    return wait(ms, this.#signal);
  }

  async #attempt(
    task: Task,
    resolved: ResolvedTask,
    { attempt, place }: { readonly attempt: number; readonly place: TaskPlace },
  ): Promise<TaskOutcome> {
    const { store, executor, hide } = this.#options;
    await using workspace = await store.workspace(resolved.key);
    const log: string[] = [];
    const kept = new LogLimit((line) => log.push(line));
    this.#emit({ type: "task-started", ...nameOf(task), key: resolved.key, attempt });
    const job = this.#job(task, resolved, { workspace, place });
    const result = hideIn(
      await executor.submit(job, {
        signal: this.#signal,
        onEvent: (told) => {
          const event = hideIn(told, hide);
          if (event.type === "log") kept.take(event.line);
          if (event.type === "checkpoint") store.checkpointSaved?.(resolved.key, job.checkpoint);
          this.#emit({ ...event, type: `task-${event.type}`, ...nameOf(task) } as RunEvent);
        },
      }),
      hide,
    );
    kept.end();
    if (!result.ok) {
      const failure = await this.#withSaved(result, resolved);
      return { task, state: "failed", resolved, failure, log };
    }
    try {
      const hit = await this.#store(task, resolved, { job, result, log });
      return { task, state: "ran", resolved, hit };
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      return {
        task,
        state: "failed",
        resolved,
        failure: storeFailure(error, result.durationMs),
        log,
      };
    }
  }

  /** Tells of a cancelled task whether the next run goes on where it was. */
  async #withSaved(failure: JobFailure, { key }: ResolvedTask): Promise<JobFailure> {
    if (failure.reason !== "cancelled") return failure;
    const saved = await this.#options.store.checkpointOf(key);
    return saved === undefined ? failure : { ...failure, saved: true };
  }

  #job(
    task: Task,
    resolved: ResolvedTask,
    { workspace, place }: { readonly workspace: Workspace; readonly place: TaskPlace },
  ): Job {
    const outputs = Object.keys(task.outputs).map((name) =>
      [name, `${workspace.directory}/${name}`] as const
    );
    return {
      task: task.id,
      key: resolved.key,
      stage: task.uses,
      module: task.module,
      isolation: isolationOf(task),
      permissions: task.definition.permissions ?? [],
      places: {
        ...(this.#options.places ?? { read: [], models: [] }),
        write: [dirname(workspace.directory), dirname(workspace.checkpoint), workspace.scratch],
      },
      parameters: resolved.parameters,
      outputs: Object.fromEntries(outputs),
      ...(this.#options.outputCheck === undefined
        ? {}
        : { check: { module: this.#options.outputCheck, types: task.outputs } }),
      checkpoint: workspace.checkpoint,
      checkpointIntervalMs: this.#options.checkpointIntervalMs ?? 5000,
      scratch: workspace.scratch,
      provider: onCard(this.#options.provider ?? "auto", place.card),
      resources: task.resources,
      sideBySide: place.sideBySide,
      ...(task.executor === undefined ? {} : { executor: task.executor }),
      environment: task.environment,
      ...(task.timeoutMs === undefined ? {} : { timeoutMs: task.timeoutMs }),
    };
  }

  async #store(
    task: Task,
    resolved: ResolvedTask,
    done: { job: Job; result: JobResult & { ok: true }; log: readonly string[] },
  ): Promise<StoreHit> {
    const { durationMs } = done.result;
    const changed = await this.#options.changedInputs?.(task, resolved, durationMs) ?? [];
    if (changed.length > 0) this.#emit({ type: "warning", diagnostic: notKept(task, changed) });
    const outputs = Object.entries(task.outputs).map(([name, type]) =>
      [name, { type, path: done.job.outputs[name]! }] as const
    );
    return await this.#options.store.put(resolved.key, {
      preimage: resolved.preimage,
      outputs: Object.fromEntries(outputs),
      durationMs,
      host: done.result.host,
      log: done.log.map((line) => `${line}\n`).join(""),
      ...(changed.length > 0 ? { isPassing: true } : {}),
    });
  }
}

/** Nobody knows whether the task read the old bytes, the new ones, or some of both. */
function notKept({ id }: Task, changed: readonly string[]): Diagnostic {
  return {
    code: "input-changed",
    severity: "warning",
    message: `Cannot keep the result of "${id}" for later runs: ` +
      `${changed.join(", ")} changed while the run went on`,
    notes: ["The next run computes it again."],
  };
}

/** What a task says, with names instead of secrets in all its texts. */
function hideIn<T>(told: T, hide: ((text: string) => string) | undefined): T {
  if (hide === undefined) return told;
  if (typeof told === "string") return hide(told) as T;
  if (Array.isArray(told)) return told.map((item) => hideIn(item, hide)) as T;
  if (typeof told !== "object" || told === null) return told;
  const entries = Object.entries(told).map(([key, item]) => [key, hideIn(item, hide)] as const);
  return Object.fromEntries(entries) as T;
}

/** Outputs that cannot be stored, on a full disk for one, fail their task and no more. */
export function storeFailure(error: DiagnosticError, durationMs: number): JobFailure {
  const { message, diagnostics } = error;
  return { ok: false, durationMs, reason: "error", message, diagnostics };
}
