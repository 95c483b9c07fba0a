/** Runs jobs on a cluster with Slurm. @module */
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import type { Executor, SubmitOptions } from "../pipeline/contract/executor.ts";
import type { Job, JobEvent, JobFailure, JobResult } from "../pipeline/contract/job.ts";
import { localExecutor } from "./local.ts";
import { runProgram } from "./process.ts";
import { slurmFailure, submitFailure } from "./slurm_failure.ts";
import { lastLines, removeLog, TaskFolder } from "./slurm_folder.ts";
import { isFinal, type JobEnd, type SlurmMeans, SlurmQueue } from "./slurm_queue.ts";
import { SlurmSubmitter, SubmitError } from "./slurm_submit.ts";
import { phaseOf } from "./slurm_text.ts";

/** How to use the cluster. */
export interface SlurmOptions {
  /** Absolute path of a folder on the store's file system, which the nodes share. */
  readonly folder: string;
  /** Further arguments of `sbatch`. */
  readonly extra?: readonly string[];
  /** How long a stage may take to save its state after an abort; default 30 s. */
  readonly graceMs?: number;
  /** Programs and time; the system's by default. */
  readonly means?: Partial<SlurmMeans>;
}

/** Lines of a job's log that a failure shows. */
const LOG_LINES = 8;

/** After the grace Slurm itself needs time to kill. */
const KILL_MS = 60_000;

/**
 * Submits each task as a job, and watches all of them with one question at a time. Jobs need no
 * runner: one that comes later finds those that wait, run, or have ended meanwhile, by their keys.
 */
export function slurmExecutor(options: SlurmOptions): Executor {
  return new SlurmExecutor(options);
}

class SlurmExecutor implements Executor {
  readonly name = "slurm";
  readonly #folder: string;
  readonly #graceMs: number;
  readonly #means: SlurmMeans;
  readonly #queue: SlurmQueue;
  readonly #submitter: SlurmSubmitter;
  /** Runs trivial stages, which end before Slurm would start them. */
  readonly #local = localExecutor();
  #toCancel: Set<string> | undefined;

  constructor({ folder, extra = [], graceMs = 30_000, means }: SlurmOptions) {
    this.#folder = folder;
    this.#graceMs = graceMs;
    this.#means = { run: runProgram, wait: delay, now: () => performance.now(), ...means };
    this.#queue = new SlurmQueue(this.#means);
    this.#submitter = new SlurmSubmitter({
      means: this.#means,
      folder: join(folder, "batches"),
      find: (submission, signal) => this.#queue.find(submission, signal),
      extra,
    });
  }

  async submit(job: Job, options: SubmitOptions): Promise<JobResult> {
    if (job.isolation === "inline") return await this.#local.submit(job, options);
    const folder = new TaskFolder(join(this.#folder, "tasks", job.key));
    try {
      return await this.#run(job, folder, options);
    } catch (error) {
      if (error instanceof SubmitError) {
        folder.remove();
        return submitFailure(job, error.refusal);
      }
      if (options.signal.aborted) return stopped(job);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#local[Symbol.asyncDispose]();
  }

  /** One job after the other, as long as each of them gets further. */
  async #run(job: Job, folder: TaskFolder, options: SubmitOptions): Promise<JobResult> {
    const { signal, onEvent } = options;
    const startMs = this.#means.now();
    const left = await this.#takeOver(job, folder, options);
    if (typeof left === "object") return this.#finish(job, folder, left);
    let began = false;
    for (let id = left;; id = undefined) {
      signal.throwIfAborted();
      if (id === undefined) {
        id = await this.#submitter.submit(job, folder, signal);
        onEvent({ type: "queue", queue: { id, phase: "waits" } });
      }
      const end = await this.#watch(id, folder, options);
      const durationMs = this.#means.now() - startMs;
      if (end.result?.ok) return this.#finish(job, folder, end.result);
      began ||= end.began;
      if (signal.aborted) return { ...stopped(job), ...(began ? {} : { began: false }) };
      const failure = this.#failure(job, id, { folder, end, durationMs });
      if (!end.saved || !goesOn(end)) return failure;
      onEvent({ type: "log", line: `${failure.message}; goes on from its checkpoint` });
    }
  }

  /** What an earlier runner has left: a result, or the id of a job that waits or runs. */
  async #takeOver(
    job: Job,
    folder: TaskFolder,
    { signal, onEvent }: SubmitOptions,
  ): Promise<(JobResult & { ok: true }) | string | undefined> {
    const submission = folder.submission();
    if (submission === undefined) return undefined;
    const result = folder.result();
    if (result?.ok) {
      folder.newEvents().forEach(onEvent);
      return result;
    }
    const id = await this.#queue.find(submission, signal, onEvent);
    if (id !== undefined) {
      folder.writeSubmission({ ...submission, id });
      onEvent({ type: "log", line: `Slurm job ${id} of an earlier run works on ${job.task}` });
    }
    return id;
  }

  #finish(job: Job, folder: TaskFolder, result: JobResult & { ok: true }): JobResult {
    const { batch, id } = folder.submission() ?? {};
    folder.moveOutputs(job);
    folder.remove();
    if (batch !== undefined && id !== undefined) {
      removeLog(this.#batch(batch), this.#log(batch, id));
    }
    return result;
  }

  /** Watches a job; an abort asks it to save its state and end. */
  async #watch(
    id: string,
    folder: TaskFolder,
    { signal, onEvent }: SubmitOptions,
  ): Promise<JobEnd & { saved: boolean; began: boolean }> {
    let [saved, began] = [false, false];
    const tell = (event: JobEvent) => {
      began ||= event.type === "queue" ? event.queue.phase === "runs" : event.type !== "log";
      saved ||= event.type === "checkpoint";
      onEvent(event);
    };
    const onAbort = () => this.#cancel(id);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    const end = await this.#queue.watch(id, folder, tell);
    signal.removeEventListener("abort", onAbort);
    return { ...end, saved, began: began || end.result !== undefined };
  }

  #failure(
    job: Job,
    id: string,
    { folder, end, durationMs }: {
      folder: TaskFolder;
      end: JobEnd & { saved: boolean };
      durationMs: number;
    },
  ): JobFailure {
    const { result, row, saved } = end;
    if (result && !result.ok && isFinal(result)) return result;
    // A job that ended on its own was not ended by Slurm: its own message is the better one.
    const byItself = row === undefined || row.state === "FAILED" || row.state === "COMPLETED";
    if (result && !result.ok && byItself && result.reason !== "cancelled") return result;
    const wasTold = byItself && result !== undefined;
    const { batch } = folder.submission()!;
    const logPath = this.#log(batch, id);
    const lines = lastLines(logPath, LOG_LINES);
    return slurmFailure(
      { job, id, ...(row ? { row } : {}), logPath, lastLines: lines, saved, wasTold },
      durationMs,
    );
  }

  /** Cancels all jobs of an interrupted run together: first gently, then for good. */
  #cancel(id: string): void {
    if (this.#toCancel === undefined) {
      this.#toCancel = new Set();
      void this.#cancelSoon();
    }
    this.#toCancel.add(id);
  }

  async #cancelSoon(): Promise<void> {
    await this.#means.wait(0);
    const ids = [...this.#toCancel!];
    this.#toCancel = undefined;
    this.#queue.stopping(ids);
    const waiting = ids.filter((id) => this.#queue.isWaiting(id));
    // Slurm's word on who waits may be old: both commands pass over the others.
    if (waiting.length > 0) {
      await this.#means.run("scancel", ["--quiet", "--state=PENDING", ...waiting]);
    }
    await this.#means.run("scancel", ["--quiet", "--batch", "--signal=TERM", ...ids]);
    await this.#queue.settled(ids, this.#graceMs);
    const left = ids.filter((id) => this.#queue.isWatched(id));
    if (left.length === 0) return;
    await this.#means.run("scancel", ["--quiet", ...left]);
    await this.#queue.settled(left, KILL_MS);
    left.forEach((id) => this.#queue.forget(id));
  }

  #batch(name: string): string {
    return join(this.#folder, "batches", name);
  }

  #log(batch: string, id: string): string {
    return join(this.#batch(batch), `${id}.log`);
  }
}

/** States after which another job may go on where this one has saved its state. */
const resumable = new Set(["TIMEOUT", "PREEMPTED", "NODE_FAIL", "BOOT_FAIL", "REVOKED"]);

/** Whether Slurm, rather than the task or somebody, ended the job. */
function goesOn({ result, row }: JobEnd): boolean {
  if (row !== undefined && resumable.has(row.state)) return true;
  // A job that is asked to save its state before the limit ends on its own, and its state says so.
  const isTold = result?.ok === false && result.reason === "cancelled";
  return isTold && row !== undefined && row.state !== "CANCELLED" && phaseOf(row.state) === "ended";
}

function stopped(job: Job): JobFailure {
  const message = `Cannot finish task "${job.task}": the run was interrupted`;
  return { ok: false, durationMs: 0, reason: "cancelled", message };
}
