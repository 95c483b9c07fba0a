/**
 * Runs the tasks of a plan, each after those it needs, as many at once as the machine allows.
 *
 * @module
 */
import { DiagnosticError } from "../../diagnostic/diagnostic.ts";
import { type Capacity, FreeCapacity, Reservation } from "./capacity.ts";
import { eventVersion, nameOf, type RunEvent, type RunFinished } from "../contract/event.ts";
import { criticalPaths, dependentsOf } from "../plan/graph.ts";
import { deviceOf, type JobFailure } from "../contract/job.ts";
import { wholeHit } from "../contract/store.ts";
import type { Plan, Task } from "../plan/plan.ts";
import { ReadyQueue } from "./ready_queue.ts";
import { outputsOf, type ResolvedTask, resolveTask } from "../plan/resolve.ts";
import type { RunOptions, RunSummary, TaskOutcome } from "./run.ts";
import { storeFailure, type TaskPlace, TaskRunner } from "./run_task.ts";

/** Tasks that do not fit and are passed over; looking through all of them would cost n² over a run. */
const maxPassedOver = 32;

/** What a run may take where nobody says. */
const defaultCapacity: Capacity = { cpu: 2, gpu: 0 };

/** A run in progress. */
export class Scheduler {
  readonly #plan: Plan;
  readonly #options: RunOptions;
  readonly #emit: (event: RunEvent) => void;
  readonly #selected: ReadonlySet<number>;
  readonly #dependents: readonly (readonly number[])[];
  readonly #openNeeds: Int32Array;
  readonly #outcomes: (TaskOutcome | undefined)[];
  readonly #queue: ReadyQueue;
  readonly #resolved = new Map<number, ResolvedTask>();
  /** Keys in work in this run: an equal task waits for the first one. */
  readonly #inWork = new Map<string, number[]>();
  readonly #stop = new AbortController();
  readonly #jobs: number;
  readonly #free: FreeCapacity;
  readonly #runner: TaskRunner;
  #prepared: Promise<void> | undefined;
  /** Tasks that are looked up, wait for a lock, or run. */
  #active = 0;
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
    this.#outcomes = plan.tasks.map(() => undefined);
    const urgency = criticalPaths(plan.tasks, () => 1);
    this.#queue = new ReadyQueue((index) => urgency[index]!);
    const capacity = options.capacity ?? defaultCapacity;
    this.#jobs = options.jobs ?? Math.max(1, Math.floor(capacity.cpu));
    this.#free = new FreeCapacity(capacity, this.#jobs);
    const { signal } = this.#stop;
    this.#runner = new TaskRunner({ run: options, emit, signal, goesOn: () => !this.#ending });
  }

  /** Runs the plan. @throws what a store or a resolver throws. */
  async run(): Promise<RunSummary> {
    const now = this.#options.now ?? performance.now.bind(performance);
    const started = now();
    const tasks = this.#selected.size;
    const { name: pipeline } = this.#plan;
    const stages: Record<string, number> = {};
    for (const index of this.#selected) {
      const { stage } = this.#plan.tasks[index]!;
      stages[stage] = (stages[stage] ?? 0) + 1;
    }
    const jobs = this.#jobs;
    this.#emit({ type: "run-started", version: eventVersion, pipeline, tasks, stages, jobs });
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
    const isInterrupted = this.#options.signal?.aborted === true;
    const finished = finishedOf(outcomes, { isInterrupted, durationMs });
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

  /** Starts no new tasks, and asks the running ones to stop if `reason` is given. */
  #end(reason?: unknown): void {
    this.#ending = true;
    if (reason !== undefined) this.#stop.abort(reason);
    this.#settle();
  }

  /** Guards background work: an unexpected error ends the run and is thrown by it. */
  #guard(work: () => Promise<void>): void {
    this.#active++;
    work().catch((cause) => this.#crashed(cause)).finally(() => {
      this.#active--;
      this.#settle();
    });
  }

  #crashed(cause: unknown): void {
    this.#crash ??= { cause };
    this.#end(cause ?? new DOMException("Run failed", "AbortError"));
  }

  /** Finds out whether a task whose needs are done is stored; queues it if not. */
  #look(index: number): void {
    if (this.#ending) return;
    this.#guard(() => this.#lookUp(index));
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
      : wholeHit(await this.#options.store.get(resolved.key), task);
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
      outputsOf: (need) => outputsOf(this.#outcomes[need]!.hit!),
      codeOf: (module) => digests.code(new URL(module)),
      hidden: this.#plan.hidden,
      ...(strictProvider ? { provider: deviceOf(provider) } : {}),
    });
  }

  /** Starts what can be started; ends the run when nothing can and nothing runs. */
  #settle(): void {
    if (!this.#ending) this.#startReady();
    if (this.#active > 0) return;
    if (this.#ending || this.#queue.size === 0) this.#finished.resolve();
    else this.#crashed(this.#nothingFits());
  }

  #nothingFits(): RangeError {
    const { id, resources } = this.#plan.tasks[this.#queue.pop()!]!;
    const { cpu, gpu } = this.#options.capacity ?? defaultCapacity;
    const wants = `${resources.cpu} cores and ${resources.gpu} GPUs`;
    const has = `${cpu} and ${gpu} for ${this.#jobs} jobs`;
    return new RangeError(
      `Cannot run task "${id}": expected room for its ${wants} on an idle machine, got ${has}`,
    );
  }

  #startReady(): void {
    const waiting: number[] = [];
    while (this.#queue.size > 0 && waiting.length <= maxPassedOver) {
      if (this.#free.isFull) break;
      const index = this.#queue.pop()!;
      if (this.#free.fits(this.#plan.tasks[index]!)) this.#guard(() => this.#reserved(index));
      else waiting.push(index);
    }
    for (const index of waiting) this.#queue.push(index);
  }

  async #reserved(index: number): Promise<void> {
    using reservation = new Reservation(this.#free, this.#plan.tasks[index]!);
    const { prepare } = this.#options;
    if (prepare) await (this.#prepared ??= prepare(this.#left()));
    if (!await this.#runTask(index, reservation)) this.#queue.push(index);
  }

  /** Tasks that are not done. */
  #left(): Task[] {
    return this.#plan.tasks.filter(({ index }) =>
      this.#selected.has(index) && this.#outcomes[index] === undefined
    );
  }

  /** Gives a task its outcome; `false` where its place is taken after it has waited for its lock. */
  async #runTask(index: number, reservation: Reservation): Promise<boolean> {
    const task = this.#plan.tasks[index]!;
    try {
      const resolved = this.#resolved.get(index)!;
      await using lock = await this.#lock(task, resolved, reservation);
      const forced = !lock.waited && this.#options.force?.(task);
      const found = forced ? undefined : await this.#options.store.get(resolved.key);
      const hit = wholeHit(found, task);
      if (hit) this.#done({ task, state: "cached", resolved, hit });
      else if (!reservation.takeBack()) return false;
      else this.#done(await this.#runner.run(task, resolved, this.#placeOf(task)));
    } catch (error) {
      if (error instanceof DiagnosticError) this.#failed(index, error);
      else if (!this.#stop.signal.aborted || this.#crash) throw error;
      else this.#cancelled(index);
    }
    return true;
  }

  #placeOf(task: Task): TaskPlace {
    return { card: this.#free.cardOf(task), sideBySide: this.#free.sideBySide(task) };
  }

  /** Holds the key. While another run works on it, its machine is busy and not ours. */
  async #lock(
    task: Task,
    resolved: ResolvedTask,
    reservation: Reservation,
  ): Promise<AsyncDisposable & { waited: boolean }> {
    let waited = false;
    const onWait = () => {
      waited = true;
      this.#emit({ type: "task-waiting", ...nameOf(task), key: resolved.key });
      reservation.giveUp();
      this.#settle();
    };
    const { signal } = this.#stop;
    const lock = await this.#options.store.lock(resolved.key, { signal, onWait });
    return { waited, [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose]() };
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
      began: false,
      message: "stopped before it began",
    };
    this.#done({ task, state: "failed", failure });
  }

  /** Takes down what became of a task, and lets go on what waited for it. */
  #done(outcome: TaskOutcome): void {
    const { task, state, resolved, hit, failure } = outcome;
    const { index } = task;
    this.#outcomes[index] = outcome;
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

/** The last event of a run. */
function finishedOf(
  outcomes: readonly TaskOutcome[],
  { isInterrupted, durationMs }: { readonly isInterrupted: boolean; readonly durationMs: number },
): RunFinished {
  const count = (state: string) => outcomes.filter((outcome) => outcome.state === state).length;
  const [failed, skipped] = [count("failed"), count("skipped")];
  const isDone = failed + skipped === 0;
  return {
    type: "run-finished",
    outcome: isDone ? "done" : isInterrupted ? "interrupted" : "failed",
    cached: count("cached"),
    ran: count("ran"),
    failed,
    skipped,
    durationMs,
  };
}
