/** Runs the tasks of a plan: each after its needs, as many at once as the machine bears. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { RunEvent, RunFinished } from "./event.ts";
import { eventVersion } from "./event.ts";
import type { Executor } from "./executor.ts";
import { criticalPaths, dependentsOf } from "./graph.ts";
import type { Job, JobFailure, JobResult } from "./job.ts";
import type { Digest } from "./key.ts";
import type { Plan, Task } from "./plan.ts";
import { ReadyQueue } from "./ready_queue.ts";
import { type ResolvedTask, resolveTask, type SourceResolver } from "./resolve.ts";
import type { Artifact } from "./stage.ts";
import type { ArtifactStore, ContentDigests, StoreHit, Workspace } from "./store.ts";

/** What a failed task does to the others: none new, all that can, or stop those that run too. */
export type FailureMode = "no-new" | "continue" | "kill";

/** What the machine has. */
export interface Capacity {
  readonly cpu: number;
  readonly gpu: number;
  readonly memoryBytes?: number;
}

/** What a run needs. */
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
  /** Tasks to run although their outputs are stored. */
  readonly force?: (task: Task) => boolean;
  /** Aborting it saves the states of running tasks and ends the run. */
  readonly signal?: AbortSignal;
  /** Waits before a retry; a timer by default. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly now?: () => number;
}

/** What became of a task. */
export interface TaskOutcome {
  readonly task: Task;
  readonly state: "cached" | "ran" | "failed" | "skipped";
  readonly resolved?: ResolvedTask;
  readonly hit?: StoreHit;
  readonly failure?: JobFailure;
  /** What it logged before it failed. */
  readonly log?: readonly string[];
}

/** What became of a run. */
export interface RunSummary extends Omit<RunFinished, "type"> {
  readonly outcomes: readonly TaskOutcome[];
}

/** Runs a plan and tells of it by events; see `runTasks` for the result as a value. */
export async function* runPlan(plan: Plan, options: RunOptions): AsyncGenerator<RunEvent> {
  const events: RunEvent[] = [];
  let wake = Promise.withResolvers<void>();
  let done = false;
  const run = runTasks(plan, options, (event) => {
    events.push(event);
    wake.resolve();
  }).finally(() => {
    done = true;
    wake.resolve();
  });
  run.catch(() => {});
  while (!done || events.length > 0) {
    yield* events.splice(0);
    if (done) continue;
    await wake.promise;
    wake = Promise.withResolvers();
  }
  await run;
}

/**
 * Runs a plan.
 *
 * @throws what a store or a resolver throws: a failed stage is an outcome, a full disk is not.
 */
export function runTasks(
  plan: Plan,
  options: RunOptions,
  emit: (event: RunEvent) => void = () => {},
): Promise<RunSummary> {
  return new Scheduler(plan, options, emit).run();
}

/** Trivial tasks at once: they wait for the disk rather than for a core. */
const mostInline = 16;

/** Tasks that do not fit and are passed over; looking through all of them would cost n² over a run. */
const mostPassedOver = 32;

type State = "waiting" | "busy" | TaskOutcome["state"];

/** A run in progress. */
class Scheduler {
  readonly #plan: Plan;
  readonly #options: RunOptions;
  readonly #emit: (event: RunEvent) => void;
  readonly #selected: ReadonlySet<number>;
  readonly #dependents: readonly (readonly number[])[];
  readonly #openNeeds: Int32Array;
  readonly #states: State[];
  readonly #outcomes: (TaskOutcome | undefined)[];
  readonly #queue: ReadyQueue;
  readonly #resolved = new Map<number, ResolvedTask>();
  /** Keys in work in this run: an equal task waits for the first one. */
  readonly #inWork = new Map<string, number[]>();
  readonly #codes = new Map<string, Promise<Digest>>();
  readonly #stop = new AbortController();
  readonly #free: { cpu: number; gpu: number; memoryBytes: number };
  readonly #capacity: Capacity;
  readonly #jobs: number;
  /** Tasks in work that take resources, and trivial ones that take none. */
  #running = 0;
  #inline = 0;
  #looking = 0;
  #ending = false;
  #crash: { readonly cause: unknown } | undefined;
  #finished = Promise.withResolvers<void>();

  constructor(plan: Plan, options: RunOptions, emit: (event: RunEvent) => void) {
    this.#plan = plan;
    this.#options = options;
    this.#emit = emit;
    this.#selected = options.selected ?? new Set(plan.tasks.keys());
    this.#dependents = dependentsOf(plan.tasks);
    this.#openNeeds = Int32Array.from(plan.tasks, (task) => task.needs.length);
    this.#states = plan.tasks.map(() => "waiting");
    this.#outcomes = plan.tasks.map(() => undefined);
    const urgency = criticalPaths(plan.tasks, () => 1);
    this.#queue = new ReadyQueue((index) => urgency[index]!);
    this.#capacity = options.capacity ?? { cpu: 2, gpu: 0 };
    this.#jobs = options.jobs ?? Math.max(1, Math.floor(this.#capacity.cpu));
    this.#free = {
      cpu: this.#capacity.cpu,
      gpu: this.#capacity.gpu,
      memoryBytes: this.#capacity.memoryBytes ?? Infinity,
    };
  }

  async run(): Promise<RunSummary> {
    const now = this.#options.now ?? performance.now.bind(performance);
    const started = now();
    const tasks = this.#selected.size;
    const { name: pipeline } = this.#plan;
    this.#emit({ type: "run-started", version: eventVersion, pipeline, tasks, jobs: this.#jobs });
    const { signal } = this.#options;
    const onAbort = () => this.#end(signal!.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) onAbort();
    for (const index of this.#selected) if (this.#openNeeds[index] === 0) this.#look(index);
    this.#settle();
    await this.#finished.promise;
    signal?.removeEventListener("abort", onAbort);
    if (this.#crash) throw this.#crash.cause;
    return this.#summary(now() - started);
  }

  #summary(durationMs: number): RunSummary {
    this.#skipRest();
    const outcomes = this.#outcomes.filter((outcome) => outcome !== undefined);
    const count = (state: string) => outcomes.filter((outcome) => outcome.state === state).length;
    const failed = count("failed");
    const skipped = count("skipped");
    const outcome = this.#options.signal?.aborted && failed + skipped > 0
      ? "interrupted"
      : failed + skipped > 0
      ? "failed"
      : "done";
    const finished: RunFinished = {
      type: "run-finished",
      outcome,
      cached: count("cached"),
      ran: count("ran"),
      failed,
      skipped,
      durationMs,
    };
    this.#emit(finished);
    const { type: _, ...summary } = finished;
    return { ...summary, outcomes };
  }

  #skipRest(): void {
    for (const index of this.#selected) {
      if (this.#outcomes[index] !== undefined) continue;
      const task = this.#plan.tasks[index]!;
      const needs = task.needs.some((need) => isDead(this.#outcomes[need]?.state));
      this.#outcomes[index] = { task, state: "skipped" };
      this.#emit({ type: "task-skipped", ...nameOf(task), reason: needs ? "needs" : "ending" });
    }
  }

  /** No new tasks; those that run are asked to stop if `reason` is given. */
  #end(reason?: unknown): void {
    this.#ending = true;
    if (reason !== undefined) this.#stop.abort(reason);
    this.#settle();
  }

  /** Guards background work: an unexpected error ends the run and is thrown by it. */
  #guard(work: Promise<void>): void {
    work.catch((cause) => {
      this.#crash ??= { cause };
      this.#end(cause ?? new DOMException("Run failed", "AbortError"));
    }).finally(() => this.#settle());
  }

  /** Finds out whether a task whose needs are done is stored; queues it if not. */
  #look(index: number): void {
    if (this.#ending) return;
    this.#states[index] = "busy";
    this.#looking++;
    this.#guard(this.#lookUp(index).finally(() => this.#looking--));
  }

  async #lookUp(index: number): Promise<void> {
    const task = this.#plan.tasks[index]!;
    const resolved = await this.#resolve(task);
    this.#resolved.set(index, resolved);
    const twins = this.#inWork.get(resolved.key);
    if (twins) {
      twins.push(index);
      return;
    }
    const hit = this.#options.force?.(task)
      ? undefined
      : await this.#options.store.get(resolved.key);
    if (hit) return this.#done({ task, state: "cached", resolved, hit });
    const again = this.#inWork.get(resolved.key);
    if (again) {
      again.push(index);
      return;
    }
    this.#inWork.set(resolved.key, []);
    this.#queue.push(index);
  }

  #resolve(task: Task): Promise<ResolvedTask> {
    const { digests, resolver, strictProvider, provider = "auto" } = this.#options;
    return resolveTask(task, {
      resolver,
      outputsOf: (need) => this.#outcomes[need]!.hit!.outputs as Record<string, Artifact>,
      codeOf: (module) => {
        if (!this.#codes.has(module)) this.#codes.set(module, digests.code(new URL(module)));
        return this.#codes.get(module)!;
      },
      ...(strictProvider ? { provider } : {}),
    });
  }

  /** Starts what can be started; ends the run when nothing can and nothing runs. */
  #settle(): void {
    if (!this.#ending) this.#startReady();
    const busy = this.#running + this.#inline + this.#looking;
    if (busy === 0 && (this.#ending || this.#queue.size === 0)) {
      this.#finished.resolve();
    }
  }

  #startReady(): void {
    const waiting: number[] = [];
    while (this.#queue.size > 0 && waiting.length <= mostPassedOver) {
      if (this.#inline >= mostInline && this.#running >= this.#jobs) break;
      const index = this.#queue.pop()!;
      if (this.#fits(index)) this.#guard(this.#reserved(index));
      else waiting.push(index);
    }
    for (const index of waiting) this.#queue.push(index);
  }

  #reserved(index: number): Promise<void> {
    this.#reserve(index);
    return this.#runTask(index);
  }

  #fits(index: number): boolean {
    if (this.#isInline(index)) return this.#inline < mostInline;
    const need = this.#needOf(index);
    const free = this.#free;
    return this.#running < this.#jobs && need.cpu <= free.cpu && need.gpu <= free.gpu &&
      need.memoryBytes <= free.memoryBytes;
  }

  #isInline(index: number): boolean {
    return this.#plan.tasks[index]!.definition.isolation === "inline";
  }

  #reserve(index: number): void {
    if (this.#isInline(index)) {
      this.#inline++;
      return;
    }
    const need = this.#needOf(index);
    this.#running++;
    this.#free.cpu -= need.cpu;
    this.#free.gpu -= need.gpu;
    this.#free.memoryBytes -= need.memoryBytes;
  }

  #release(index: number): void {
    if (this.#isInline(index)) {
      this.#inline--;
      return;
    }
    const need = this.#needOf(index);
    this.#running--;
    this.#free.cpu += need.cpu;
    this.#free.gpu += need.gpu;
    this.#free.memoryBytes += need.memoryBytes;
  }

  /** What a task takes; more than there is at all counts as all there is. */
  #needOf(index: number): { cpu: number; gpu: number; memoryBytes: number } {
    const { cpu, gpu, memoryBytes = 0 } = this.#plan.tasks[index]!.resources;
    const all = this.#capacity;
    return {
      cpu: Math.min(cpu, all.cpu),
      gpu: Math.min(gpu, all.gpu),
      memoryBytes: Math.min(memoryBytes, all.memoryBytes ?? 0),
    };
  }

  async #runTask(index: number): Promise<void> {
    try {
      const task = this.#plan.tasks[index]!;
      const resolved = this.#resolved.get(index)!;
      await using lock = await this.#lock(task, resolved);
      const forced = !lock.waited && this.#options.force?.(task);
      const hit = forced ? undefined : await this.#options.store.get(resolved.key);
      if (hit) this.#done({ task, state: "cached", resolved, hit });
      else this.#done(await this.#attempts(task, resolved));
    } catch (error) {
      if (error instanceof DiagnosticError) return this.#failed(index, error);
      if (!this.#stop.signal.aborted || this.#crash) throw error;
      this.#cancelled(index);
    } finally {
      this.#release(index);
    }
  }

  /** Holds the key. While another run works on it, its machine is busy and not ours. */
  async #lock(task: Task, resolved: ResolvedTask): Promise<AsyncDisposable & { waited: boolean }> {
    let waited = false;
    const onWait = () => {
      waited = true;
      this.#emit({ type: "task-waiting", ...nameOf(task), key: resolved.key });
      this.#looking++;
      this.#release(task.index);
      this.#settle();
    };
    try {
      const { signal } = this.#stop;
      const lock = await this.#options.store.lock(resolved.key, { signal, onWait });
      return { waited, [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose]() };
    } finally {
      if (waited) {
        this.#looking--;
        this.#reserve(task.index);
      }
    }
  }

  /** The store has no room for the task to run in. */
  #failed(index: number, error: DiagnosticError): void {
    const task = this.#plan.tasks[index]!;
    this.#done({ task, state: "failed", failure: storeFailure(error, 0) });
  }

  #cancelled(index: number): void {
    const task = this.#plan.tasks[index]!;
    const failure: JobFailure = {
      ok: false,
      durationMs: 0,
      reason: "cancelled",
      message: "stopped before it began",
    };
    this.#done({ task, state: "failed", failure });
  }

  async #attempts(task: Task, resolved: ResolvedTask): Promise<TaskOutcome> {
    const { attempts, backoffMs, on } = task.retries;
    for (let attempt = 1;; attempt++) {
      const outcome = await this.#attempt(task, resolved, attempt);
      const { failure } = outcome;
      if (!failure || attempt > attempts || !on.includes(failure.reason) || this.#ending) {
        return outcome;
      }
      const afterMs = backoffMs * 2 ** (attempt - 1);
      this.#emit({ type: "task-retrying", ...nameOf(task), failure, afterMs });
      try {
        await (this.#options.wait ?? waitMs)(afterMs, this.#stop.signal);
      } catch {
        return outcome;
      }
    }
  }

  async #attempt(task: Task, resolved: ResolvedTask, attempt: number): Promise<TaskOutcome> {
    const { store, executor } = this.#options;
    await using workspace = await store.workspace(resolved.key);
    const log: string[] = [];
    this.#emit({ type: "task-started", ...nameOf(task), key: resolved.key, attempt });
    const job = this.#job(task, resolved, workspace);
    const result = await executor.submit(job, {
      signal: this.#stop.signal,
      onEvent: (event) => {
        if (event.type === "log") log.push(event.line);
        if (event.type === "checkpoint") store.checkpointSaved?.(resolved.key, job.checkpoint);
        this.#emit({ ...event, type: `task-${event.type}`, ...nameOf(task) } as RunEvent);
      },
    });
    if (!result.ok) return { task, state: "failed", resolved, failure: result, log };
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

  #job(task: Task, resolved: ResolvedTask, workspace: Workspace): Job {
    const outputs = Object.keys(task.outputs).map((name) =>
      [name, `${workspace.directory}/${name}`] as const
    );
    return {
      task: task.id,
      key: resolved.key,
      stage: task.uses,
      module: task.module,
      isolation: task.definition.isolation ?? "worker",
      parameters: resolved.parameters,
      outputs: Object.fromEntries(outputs),
      checkpoint: workspace.checkpoint,
      checkpointIntervalMs: this.#options.checkpointIntervalMs ?? 5000,
      scratch: workspace.scratch,
      provider: this.#options.provider ?? "auto",
      resources: task.resources,
      environment: task.environment,
      ...(task.timeoutMs === undefined ? {} : { timeoutMs: task.timeoutMs }),
    };
  }

  #store(
    task: Task,
    resolved: ResolvedTask,
    done: { job: Job; result: JobResult & { ok: true }; log: readonly string[] },
  ): Promise<StoreHit> {
    const outputs = Object.entries(task.outputs).map(([name, type]) =>
      [name, { type, path: done.job.outputs[name]! }] as const
    );
    return this.#options.store.put(resolved.key, {
      preimage: resolved.preimage,
      outputs: Object.fromEntries(outputs),
      durationMs: done.result.durationMs,
      host: done.result.host,
      log: done.log.map((line) => `${line}\n`).join(""),
    });
  }

  /** Takes down what became of a task, and lets go on what waited for it. */
  #done(outcome: TaskOutcome): void {
    const { task, state, resolved, hit, failure } = outcome;
    const { index } = task;
    this.#outcomes[index] = outcome;
    this.#states[index] = state;
    const key = resolved?.key ?? this.#resolved.get(index)?.key;
    if (failure) this.#emit({ type: "task-failed", ...nameOf(task), failure });
    else if (state === "cached") this.#emit({ type: "task-cached", ...nameOf(task), key: key! });
    else {
      const { durationMs } = hit!.manifest;
      this.#emit({ type: "task-finished", ...nameOf(task), key: key!, durationMs });
    }
    this.#releaseTwins(key, outcome);
    if (!failure) return this.#open(index);
    const mode = this.#options.failureMode ?? "no-new";
    if (mode === "no-new") this.#end();
    if (mode === "kill") this.#end(new DOMException(`${task.id} failed`, "AbortError"));
  }

  #releaseTwins(key: string | undefined, outcome: TaskOutcome): void {
    const twins = key === undefined ? undefined : this.#inWork.get(key);
    if (!twins) return;
    this.#inWork.delete(key!);
    for (const twin of twins) {
      const task = this.#plan.tasks[twin]!;
      if (outcome.hit) this.#done({ ...outcome, task, state: "cached" });
      else this.#done({ ...outcome, task });
    }
  }

  #open(index: number): void {
    for (const dependent of this.#dependents[index]!) {
      const left = --this.#openNeeds[dependent]!;
      if (left === 0 && this.#selected.has(dependent)) this.#look(dependent);
    }
  }
}

function isDead(state: string | undefined): boolean {
  return state === "failed" || state === "skipped";
}

/** Outputs that cannot be stored, on a full disk for one, fail their task and no more. */
function storeFailure(error: DiagnosticError, durationMs: number): JobFailure {
  const { message, diagnostics } = error;
  return { ok: false, durationMs, reason: "error", message, diagnostics };
}

function nameOf(task: Task): { readonly task: string; readonly stage: string } {
  return { task: task.id, stage: task.stage };
}

function waitMs(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    reject(signal.reason);
  }, { once: true });
  return promise;
}
