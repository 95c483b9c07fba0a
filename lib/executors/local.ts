/** Runs jobs in worker processes of this machine. @module */
import type { Executor, SubmitOptions } from "../pipeline/contract/executor.ts";
import type { Job, JobResult } from "../pipeline/contract/job.ts";
import { lockFlags } from "./lock_copy.ts";
import { runJob, TimeoutReason } from "./run_job.ts";
import { processKind, workerFlags } from "./worker_flags.ts";
import { WorkerProcess } from "./worker_process.ts";

/** How the local executor runs jobs. */
export interface LocalExecutorOptions {
  /** Most workers kept for the next job; default 2. */
  readonly slots?: number;
  /** Folder for other files that the processes need; see {@linkcode lockFlags}. */
  readonly folder?: string;
  /** How long a stage may take to save its state after an abort; default 30 s. */
  readonly graceMs?: number;
}

/**
 * Runs jobs on this machine: each in a worker process, which is kept warm for the next one unless the
 * stage wants a fresh one, or in this process where the stage is trivial. Processes start when there is
 * work for them.
 *
 * @example
 * ```ts
 * import { localExecutor } from "@tvp/pipeline/pipeline";
 * import { assertEquals } from "@std/assert";
 *
 * await using executor = localExecutor({ slots: 1 }); // processes start when there is work
 * assertEquals(executor.name, "local");
 * ```
 */
export function localExecutor(options: LocalExecutorOptions = {}): Executor {
  return new LocalExecutor(options);
}

/** A worker without a job, and the jobs that it may take. */
interface IdleWorker {
  readonly worker: WorkerProcess;
  readonly kind: string;
}

class LocalExecutor implements Executor {
  readonly name = "local";
  readonly #slots: number;
  readonly #graceMs: number;
  readonly #folder: string | undefined;
  readonly #idle: IdleWorker[] = [];
  readonly #busy = new Set<WorkerProcess>();

  constructor({ slots = 2, graceMs = 30_000, folder }: LocalExecutorOptions) {
    this.#slots = slots;
    this.#graceMs = graceMs;
    this.#folder = folder;
  }

  async submit(job: Job, options: SubmitOptions): Promise<JobResult> {
    if (options.signal.aborted) return notStarted(job);
    const { signal, stop } = withTimeout(job, options.signal);
    try {
      const inner = { ...options, signal };
      return await (job.isolation === "inline"
        ? runJob(job, inner)
        : this.#runInWorker(job, inner));
    } finally {
      stop();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const workers = [...this.#busy, ...this.#idle.splice(0).map(({ worker }) => worker)];
    await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
  }

  async #runInWorker(job: Job, options: SubmitOptions): Promise<JobResult> {
    const isFresh = job.isolation === "fresh";
    const kind = processKind(job);
    const worker = (isFresh ? undefined : this.#takeIdle(job, kind)) ?? this.#start(job);
    this.#busy.add(worker);
    const result = await worker.run(job, { ...options, graceMs: this.#graceMs });
    this.#busy.delete(worker);
    if (isFresh) await worker[Symbol.asyncDispose]();
    else await this.#keep({ worker, kind });
    return result;
  }

  #start(job: Job): WorkerProcess {
    const lock = this.#folder === undefined ? [] : lockFlags(this.#folder);
    return new WorkerProcess((temporary, names) => [
      ...workerFlags(names.job(job), temporary),
      ...lock,
    ]);
  }

  /** A worker that ran the same stage before has its modules and models loaded. */
  #takeIdle(job: Job, kind: string): WorkerProcess | undefined {
    const alive = this.#idle.filter(({ worker }) => worker.isAlive);
    const fit = alive.filter((idle) => idle.kind === kind);
    const chosen = fit.find(({ worker }) => worker.lastModule === job.module) ?? fit[0];
    this.#idle.splice(0, Infinity, ...alive.filter((idle) => idle !== chosen));
    return chosen?.worker;
  }

  /** Keeps a worker; where there are too many, the one that has waited longest goes. */
  async #keep(idle: IdleWorker): Promise<void> {
    if (idle.worker.isAlive) this.#idle.push(idle);
    if (this.#idle.length > this.#slots) await this.#idle.shift()!.worker[Symbol.asyncDispose]();
  }
}

function notStarted(job: Job): JobResult {
  const message = `Cannot start task "${job.task}": the run was interrupted`;
  return { ok: false, durationMs: 0, reason: "cancelled", message };
}

/** Timers that are set for longer (25 days) go off at once. */
const longestTimerMs = 2 ** 31 - 1;

/** A signal that is aborted by another one or when the job's time is over. */
function withTimeout(job: Job, outer: AbortSignal): { signal: AbortSignal; stop: () => void } {
  const { timeoutMs } = job;
  if (timeoutMs === undefined) return { signal: outer, stop: () => {} };
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new TimeoutReason(job.task, timeoutMs)),
    Math.min(timeoutMs, longestTimerMs),
  );
  return { signal: AbortSignal.any([outer, controller.signal]), stop: () => clearTimeout(timer) };
}
