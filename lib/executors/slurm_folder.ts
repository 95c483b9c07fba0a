/**
 * The folders through which the runner and the jobs of a cluster talk. They share nothing but
 * files.
 *
 * @module
 */
import { join } from "@std/path";
import { removeQuietly, replaceFile } from "../cache/disk/replace_file.ts";
import { ifThere } from "../cache/disk/system_error.ts";
import type { Job, JobEvent, JobResult } from "../pipeline/contract/job.ts";
import { openText, sealText } from "./sealed_text.ts";

/** Which job of Slurm works on a task. Written before it is submitted, and again with its id. */
export interface Submission {
  /** Name of the batch, which is the name of the job as well. */
  readonly batch: string;
  readonly index: number;
  readonly size: number;
  /** Absent while `sbatch` has not answered. */
  readonly id?: string;
}

/** What a job leaves. */
interface LeftResult {
  /** Slurm's id of the job. */
  readonly id: string;
  /** Folder of its outputs. */
  readonly outputs: string;
  readonly result: JobResult;
}

/** The folder of a task: its job, its messages and its outputs. */
export class TaskFolder {
  readonly path: string;
  #read = 0;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * A new start: nothing that an earlier job has left stays. What the task is given, declared secrets
   * too, is sealed: the key is in the script that Slurm keeps.
   */
  prepare(job: Job, key: string): void {
    removeQuietly(this.path);
    Deno.mkdirSync(this.path, { recursive: true });
    const sealed = sealText(JSON.stringify(job), key);
    replaceFile(this.#inside("job.sealed"), [sealed], { mode: 0o600 });
    this.#read = 0;
  }

  /** The job, with outputs to write into a folder that no other job of the task writes into. */
  readJob(key: string): { readonly job: Job; readonly outputs: string } {
    const job = JSON.parse(openText(Deno.readFileSync(this.#inside("job.sealed")), key)) as Job;
    const outputs = `outputs-${crypto.randomUUID().slice(0, 8)}`;
    Deno.mkdirSync(this.#inside(outputs));
    const paths = Object.keys(job.outputs).map((name) =>
      [name, this.#inside(`${outputs}/${name}`)] as const
    );
    const places = { ...job.places, write: [...job.places.write, this.#inside(outputs)] };
    return { job: { ...job, places, outputs: Object.fromEntries(paths) }, outputs };
  }

  /** What an earlier start of a requeued job has left is void. */
  clearResult(): void {
    removeQuietly(this.#inside("result.json"));
  }

  submission(): Submission | undefined {
    return readJson<Submission>(this.#inside("submission.json"));
  }

  writeSubmission(submission: Submission): void {
    replaceFile(this.#inside("submission.json"), JSON.stringify(submission));
  }

  /**
   * What the job of this id has left. A job that Slurm has lost may still run: it counts where it
   * reached the end, which is the same for every job of a key, and its mistakes do not.
   */
  result(id?: string): JobResult | undefined {
    const left = this.#left();
    return left && (left.result.ok || left.id === id) ? left.result : undefined;
  }

  writeResult(left: LeftResult): void {
    replaceFile(this.#inside("result.json"), JSON.stringify(left), { durable: true });
  }

  /** A file for events; later jobs of the same task append to it. */
  openEvents(): Deno.FsFile {
    return Deno.openSync(this.#inside("events.jsonl"), { append: true, create: true });
  }

  /** Events since the last call. Of states that followed one another only the last counts. */
  newEvents(): JobEvent[] {
    const events = this.#newText().split("\n").flatMap((line) => parseJson<JobEvent>(line) ?? []);
    return events.filter(({ type }, index) =>
      type === "log" || type === "resumed" ||
      index === events.findLastIndex((event) => event.type === type)
    );
  }

  /** Moves the outputs to where the job should write them. */
  moveOutputs(job: Job): void {
    const outputs = this.#left()?.outputs ?? "outputs";
    for (const [name, path] of Object.entries(job.outputs)) {
      try {
        Deno.renameSync(this.#inside(`${outputs}/${name}`), path);
      } catch (error) {
        // The store says which output is missing.
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }

  remove(): void {
    removeQuietly(this.path);
  }

  #left(): LeftResult | undefined {
    return readJson<LeftResult>(this.#inside("result.json"));
  }

  #newText(): string {
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(this.#inside("events.jsonl"));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
    using open = file;
    const bytes = new Uint8Array(Math.max(0, open.statSync().size - this.#read));
    open.seekSync(this.#read, Deno.SeekMode.Start);
    let filled = 0;
    for (let got = 1; filled < bytes.length && got !== 0;) {
      got = open.readSync(bytes.subarray(filled)) ?? 0;
      filled += got;
    }
    // The last character may be incomplete: everything up to the last line break is whole.
    const end = bytes.subarray(0, filled).lastIndexOf(10) + 1;
    this.#read += end;
    return new TextDecoder().decode(bytes.subarray(0, end));
  }

  #inside(name: string): string {
    return join(this.path, name);
  }
}

/** The folder of a batch: its script, its tasks, and a log for each of them. */
export interface BatchFolder {
  readonly name: string;
  readonly path: string;
}

/** Makes the folder of a batch. */
export function makeBatch(
  path: string,
  content: { readonly script: string; readonly tasks: readonly string[] },
): void {
  Deno.mkdirSync(path, { recursive: true });
  replaceFile(join(path, "tasks.json"), JSON.stringify(content.tasks));
  replaceFile(join(path, "job.sh"), content.script, { mode: 0o600 });
}

/** Removes the script of a batch, which holds a key: Slurm has taken a copy. */
export function removeScript(path: string): void {
  removeQuietly(join(path, "job.sh"));
}

/**
 * Folder of a task of a batch.
 *
 * @throws {RangeError} If the batch has no such task.
 */
export function batchTask(path: string, index: number): string {
  const tasks = JSON.parse(Deno.readTextFileSync(join(path, "tasks.json"))) as string[];
  const task = tasks[index];
  if (task !== undefined) return task;
  throw new RangeError(`Cannot find task ${index} of batch ${path}: it has ${tasks.length}`);
}

/** Removes the log of a task that went well, and its batch if that was the last of them. */
export function removeLog(batch: string, log: string): void {
  removeQuietly(log);
  const names = [...Deno.readDirSync(batch)].map((entry) => entry.name);
  if (names.some((name) => name.endsWith(".log"))) return;
  if (batchTasks(batch).some(exists)) return;
  removeQuietly(batch);
}

function batchTasks(batch: string): string[] {
  return readJson<string[]>(join(batch, "tasks.json")) ?? [];
}

/** Removes what jobs left that failed so long ago that nobody will read it. */
export function sweepJobs(folder: string, olderThanMs: number): void {
  for (const kind of ["batches", "tasks"].map((name) => join(folder, name)).filter(exists)) {
    for (const { name } of [...Deno.readDirSync(kind)]) {
      const path = join(kind, name);
      const info = ifThere(() => Deno.lstatSync(path)); // Another run may sweep too.
      if (info && Date.now() - (info.mtime?.getTime() ?? 0) > olderThanMs) removeQuietly(path);
    }
  }
}

/** Last lines of a log. */
export function lastLines(path: string, most: number): string[] {
  const text = ifThere(() => Deno.readTextFileSync(path)) ?? "";
  return text.trimEnd().split("\n").filter((line) => line !== "").slice(-most);
}

function readJson<T>(path: string): T | undefined {
  return ifThere(() => parseJson<T>(Deno.readTextFileSync(path)));
}

/** A line that a killed job has left by half is not an event. */
function parseJson<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function exists(path: string): boolean {
  return ifThere(() => Deno.lstatSync(path)) !== undefined;
}
