/**
 * Hands jobs to Slurm. Jobs that come together and ask for the same become one job array.
 *
 * @module
 */
import { abortable } from "@std/async/abortable";
import { join } from "@std/path";
import { removeQuietly } from "../cache/disk/replace_file.ts";
import type { Job } from "../pipeline/contract/job.ts";
import { keyVariable, sealingKey } from "./sealed_text.ts";
import type { Refusal } from "./slurm_failure.ts";
import { makeBatch, removeScript, type Submission, type TaskFolder } from "./slurm_folder.ts";
import type { SlurmMeans } from "./slurm_queue.ts";
import {
  batchScript,
  complaint,
  elementId,
  isTransient,
  type JobRequest,
  parseSubmitted,
  requestArguments,
  saidBefore,
  submitArguments,
} from "./slurm_text.ts";

/** How long to wait for more jobs before those that are there are submitted. */
const COLLECT_MS = 50;

/** Slurm's default limit is 1001. */
const MOST_PER_ARRAY = 1000;

/** Tries while the controller does not answer, with twice the time between each. */
const TRIES = { most: 6, firstMs: 1000 };

/** How to submit. */
export interface SubmitterOptions {
  readonly means: SlurmMeans;
  /** Folder of the batches, which the nodes see as well. */
  readonly folder: string;
  /** The id of a job that was submitted although `sbatch` said that it was not. */
  readonly find: (submission: Submission, signal: AbortSignal) => Promise<string | undefined>;
  /** `--slurm-args`. */
  readonly extra: readonly string[];
}

/** What the program on the node may do: it starts the process of the task, which has flags of its own. */
const jobFlags = ["--allow-env", "--allow-read", "--allow-write", "--allow-run"];

/** Why Slurm takes a job not. */
export class SubmitError extends Error {
  override name = "SubmitError";
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.cause);
    this.refusal = refusal;
  }
}

interface Entry {
  readonly job: Job;
  readonly folder: TaskFolder;
  readonly signal: AbortSignal;
  readonly id: PromiseWithResolvers<string>;
}

interface Group {
  readonly request: readonly string[];
  readonly setup: string | undefined;
  readonly stage: string;
  readonly entries: Entry[];
}

/** Collects jobs and submits them. */
export class SlurmSubmitter {
  readonly #options: SubmitterOptions;
  #groups = new Map<string, Group>();

  constructor(options: SubmitterOptions) {
    this.#options = options;
  }

  /**
   * The job's id.
   *
   * @param signal Ends the wait for a Slurm that does not answer, once all that wait are aborted.
   * @throws {SubmitError}
   */
  submit(job: Job, folder: TaskFolder, signal: AbortSignal): Promise<string> {
    const settings = job.executor?.slurm ?? {};
    const asked: JobRequest = { resources: job.resources, settings, extra: this.#options.extra };
    const request = requestArguments(asked);
    const key = JSON.stringify([request, settings.setup, job.stage]);
    if (this.#groups.size === 0) void this.#flushSoon();
    const group = this.#groups.get(key) ??
      { request, setup: settings.setup, stage: job.stage, entries: [] };
    this.#groups.set(key, group);
    const id = Promise.withResolvers<string>();
    group.entries.push({ job, folder, signal, id });
    return id.promise;
  }

  async #flushSoon(): Promise<void> {
    await this.#options.means.wait(COLLECT_MS);
    const groups = [...this.#groups.values()];
    this.#groups = new Map();
    for (const { entries, ...group } of groups) {
      for (let at = 0; at < entries.length; at += MOST_PER_ARRAY) {
        await this.#submitBatch({ ...group, entries: entries.slice(at, at + MOST_PER_ARRAY) });
      }
    }
  }

  async #submitBatch(group: Group): Promise<void> {
    const { entries } = group;
    const size = entries.length;
    const batch = `tvp-${group.stage}-${crypto.randomUUID().slice(0, 8)}`;
    try {
      const key = sealingKey();
      entries.forEach(({ job, folder }) => folder.prepare(job, key));
      this.#makeBatch(batch, group, key);
      entries.forEach(({ folder }, index) => folder.writeSubmission({ batch, index, size }));
      const jobId = await this.#askSlurm(group, batch);
      removeScript(this.#path(batch));
      entries.forEach(({ folder, id }, index) => {
        const element = elementId(jobId, index, size);
        folder.writeSubmission({ batch, index, size, id: element });
        id.resolve(element);
      });
    } catch (error) {
      removeQuietly(this.#path(batch));
      if (size > 1 && error instanceof SubmitError && /array/i.test(error.message)) {
        for (const entry of entries) await this.#submitBatch({ ...group, entries: [entry] });
        return;
      }
      // Slurm may have taken it after all: without its folders it comes to nothing.
      if (entries.every(({ signal }) => signal.aborted)) {
        entries.forEach(({ folder }) => folder.remove());
      }
      entries.forEach(({ id }) => id.reject(error));
    }
  }

  #makeBatch(name: string, { setup, entries }: Group, key: string): void {
    const path = this.#path(name);
    const program = new URL("./slurm_job.ts", import.meta.url).href;
    const command = [Deno.execPath(), "run", "--quiet", "--no-prompt", ...jobFlags, program, path];
    makeBatch(path, {
      script: batchScript(command, { setup, variables: { [keyVariable]: key } }),
      tasks: entries.map(({ folder }) => folder.path),
    });
  }

  async #askSlurm({ request, entries }: Group, name: string): Promise<string> {
    const { means, find } = this.#options;
    const size = entries.length;
    const args = submitArguments(request, { name, folder: this.#path(name), size });
    for (let tries = 1;; tries++) {
      const { code, stdout, stderr } = await means.run("sbatch", args);
      const id = code === 0 ? parseSubmitted(stdout) : undefined;
      if (id !== undefined) return id;
      const cause = complaint(stderr || stdout);
      if (tries === TRIES.most || !isTransient(cause)) {
        const [first] = entries as [Entry];
        throw new SubmitError({
          cause,
          before: saidBefore(stderr || stdout),
          command: ["sbatch", ...args],
          firstTask: first.job.task,
        });
      }
      const signal = whenAll(entries.map((entry) => entry.signal));
      await abortable(means.wait(TRIES.firstMs * 2 ** (tries - 1)), signal);
      const found = await find({ batch: name, index: 0, size }, signal);
      if (found !== undefined) return found.split("_")[0]!;
    }
  }

  #path(name: string): string {
    return join(this.#options.folder, name);
  }
}

/** A signal that is aborted once all of several are. */
function whenAll(signals: readonly AbortSignal[]): AbortSignal {
  const all = new AbortController();
  const check = () => {
    if (signals.every(({ aborted }) => aborted)) all.abort(signals[0]?.reason);
  };
  for (const signal of new Set(signals)) signal.addEventListener("abort", check, { once: true });
  check();
  return all.signal;
}
