/** Marks a run that is in progress, so that others see it: `.tvp/runs/<pipeline>/<id>/running.json`. @module */
import { isWithoutLocks } from "../cache/local/lock.ts";
import { readRecordJson } from "../cache/disk/regular_file.ts";
import { ifThere, isSystemError } from "../cache/disk/system_error.ts";
import { diagnosticError } from "../diagnostic/diagnostic.ts";
import { runIds } from "./run_ids.ts";

/** A run without a record: it is still running, or something ended its process. */
export interface UnfinishedRun {
  readonly id: string;
  readonly pipeline: string;
  /** Pipeline file as it was named. */
  readonly file: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly set: readonly string[];
  readonly outcome: "running" | "killed";
}

const fileName = "running.json";

/** The mark of a run. Disposing removes it, and the folder of the run if nothing was recorded there. */
export class RunMark implements Disposable {
  readonly #folder: string;
  readonly #run: Omit<UnfinishedRun, "outcome">;
  #file: Deno.FsFile | undefined;

  /** @param folder Folder of the runs of the pipeline. */
  constructor(folder: string, run: Omit<UnfinishedRun, "outcome">) {
    [this.#folder, this.#run] = [folder, run];
  }

  /** Sets the mark. @throws {DiagnosticError} `runs-unwritable`, if runs cannot be recorded here. */
  set(): void {
    const path = `${this.#folder}/${this.#run.id}`;
    try {
      Deno.mkdirSync(path, { recursive: true });
      this.#file = Deno.openSync(`${path}/${fileName}`, { write: true, createNew: true });
    } catch (error) {
      throw isSystemError(error) ? unwritable(this.#folder, error) : error;
    }
    holdWhereAble(this.#file);
    this.#file.writeSync(new TextEncoder().encode(JSON.stringify(this.#run)));
  }

  [Symbol.dispose](): void {
    if (this.#file === undefined) return;
    const path = `${this.#folder}/${this.#run.id}`;
    ifThere(() => Deno.removeSync(`${path}/${fileName}`));
    this.#file.close();
    const isEmpty = ifThere(() => [...Deno.readDirSync(path)].length === 0) ?? false;
    if (isEmpty) ifThere(() => Deno.removeSync(path));
  }
}

/** The system gives the lock back when the process ends, however it ends. */
function holdWhereAble(file: Deno.FsFile): void {
  try {
    file.lockSync(true);
  } catch (error) {
    if (!isWithoutLocks(error)) throw error;
  }
}

/** What there is to say where runs cannot be recorded. */
export function unwritable(folder: string, error: Error): Error {
  const message = `Cannot record the run in "${folder}": ${error.message}`;
  const notes = ["start it in a folder that you may write to; --cache DIR moves only the cache"];
  return diagnosticError("runs-unwritable", message, notes);
}

/** Runs of a pipeline that have not ended, the newest first. */
export function unfinishedRuns(folder: string): UnfinishedRun[] {
  return runIds(folder).reverse().flatMap((id) => readMark(`${folder}/${id}/${fileName}`) ?? []);
}

/** Whether a run of a pipeline goes on. */
export function isRunning(folder: string, id: string): boolean {
  return readMark(`${folder}/${id}/${fileName}`)?.outcome === "running";
}

function readMark(path: string): UnfinishedRun | undefined {
  try {
    const run = readRecordJson(path) as Omit<UnfinishedRun, "outcome">;
    if (!isMark(run)) return undefined;
    using file = Deno.openSync(path);
    return { ...run, outcome: isHeld(file) ? "running" : "killed" };
  } catch (error) {
    if (isSystemError(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Where there are no locks, nobody knows: the run is taken to go on. */
function isHeld(file: Deno.FsFile): boolean {
  try {
    return !file.tryLockSync(false);
  } catch (error) {
    if (isWithoutLocks(error)) return true;
    throw error;
  }
}

function isMark(value: unknown): boolean {
  const { id, pipeline, file, startedAt, set } = (value ?? {}) as Partial<UnfinishedRun>;
  return [id, pipeline, file].every((each) => typeof each === "string") &&
    typeof startedAt === "number" && Array.isArray(set) &&
    set.every((each) => typeof each === "string");
}
