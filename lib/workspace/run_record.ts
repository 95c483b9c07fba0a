/** Reads and writes the record of a run: `.tvp/runs/<pipeline>/<id>/run.json`. @module */
import { readRecordJson } from "../cache/disk/regular_file.ts";
import { isDigest } from "../cache/digest/digest.ts";
import { removeQuietly } from "../cache/disk/replace_file.ts";
import { isSystemError } from "../cache/disk/system_error.ts";
import type { Key } from "../pipeline/contract/key.ts";
import type { TaskOutcome } from "../pipeline/run/run.ts";
import { runIds } from "./run_ids.ts";
import { fillRunFolder, type RunLayout } from "./run_folder.ts";
import { isRunning } from "./running.ts";

/** A run as it is recorded. */
export interface RunRecord {
  /** 1 where artifacts were still links into the store, and had no `folder`. */
  readonly format: 1 | 2;
  readonly id: string;
  readonly pipeline: string;
  /** Pipeline file as it was named. */
  readonly file: string;
  /** What `--set` changed of it; absent where that was not yet recorded. */
  readonly set?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly outcome: "done" | "failed" | "interrupted";
  readonly tasks: readonly RecordedTask[];
}

/** A task of a recorded run. */
export interface RecordedTask {
  readonly task: string;
  readonly stage: string;
  /** Where its artifacts lie in the folder of the run. */
  readonly folder?: string;
  readonly key?: Key;
  readonly state: TaskOutcome["state"] | "interrupted";
  readonly message?: string;
  /** What a failed task has logged; what others logged is in the store. */
  readonly log?: readonly string[];
}

/** Runs that are kept. */
const keptRuns = 20;

/** Folder of the runs of a pipeline. */
export function runsFolder(stateFolder: string, pipeline: string): string {
  return `${stateFolder}/runs/${pipeline}`;
}

/** Names of the pipelines that have recorded runs. */
export function recordedPipelines(stateFolder: string): string[] {
  try {
    return [...Deno.readDirSync(`${stateFolder}/runs`)].map((entry) => entry.name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Recorded runs of a pipeline, the newest first. */
export function readRuns(folder: string): RunRecord[] {
  return runIds(folder).reverse().flatMap((id) => readRecord(`${folder}/${id}/run.json`) ?? []);
}

/** The newest recorded run. */
export function latestRun(folder: string): RunRecord | undefined {
  return readRecord(`${folder}/latest/run.json`);
}

/** Keys of the tasks that failed in a run. */
export function failedKeys(run: RunRecord | undefined): ReadonlySet<Key> {
  const failed = run?.tasks.filter(({ state }) => state === "failed") ?? [];
  return new Set(failed.flatMap(({ key }) => key ?? []));
}

/** A record that cannot be read, or that a crash has damaged, does not count. */
function readRecord(path: string): RunRecord | undefined {
  try {
    const record: unknown = readRecordJson(path);
    return isRecord(record) ? record : undefined;
  } catch (error) {
    if (isSystemError(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isRecord(value: unknown): value is RunRecord {
  const { format, id, pipeline, outcome, startedAt, durationMs, tasks, file = "", set = [] } =
    (value ?? {}) as Partial<RunRecord>;
  return (format === 1 || format === 2) && typeof id === "string" &&
    typeof pipeline === "string" && typeof outcome === "string" &&
    typeof file === "string" && isTexts(set) && typeof startedAt === "number" &&
    typeof durationMs === "number" &&
    Array.isArray(tasks) && tasks.every(isRecordedTask);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function isRecordedTask(value: unknown): value is RecordedTask {
  const { task, stage, state, folder = "", key, message = "", log = [] } = (value ?? {}) as Partial<
    RecordedTask
  >;
  return [task, stage, state, folder, message].every((each) => typeof each === "string") &&
    (key === undefined || isDigest(key)) && Array.isArray(log);
}

/** What a run came to. */
export interface RunResult {
  readonly outcomes: readonly TaskOutcome[];
  readonly layout: RunLayout;
}

/** Writes the record and the artifacts, and points `latest` at them. */
export function recordRun(
  folder: string,
  record: Omit<RunRecord, "format" | "tasks">,
  { outcomes, layout }: RunResult,
): void {
  const { id } = record;
  const path = `${folder}/${id}`;
  Deno.mkdirSync(path, { recursive: true });
  fillRunFolder(path, layout, outcomes);
  const tasks = outcomes.map((outcome) => recordedTask(outcome, layout.folderOf(outcome.task)));
  const full: RunRecord = { format: 2, ...record, tasks };
  Deno.writeTextFileSync(`${path}/run.json`, `${JSON.stringify(full)}\n`);
  pointLatest(folder, id);
  // A run that took long is older than those that began after it, and stays all the same.
  const others = runIds(folder).filter((other) => other !== id);
  for (const old of others.slice(0, 1 - keptRuns)) removeRun(folder, old);
}

/** Removes an old run, unless it still goes on. One that cannot be removed stays. */
function removeRun(folder: string, id: string): void {
  if (isRunning(folder, id)) return;
  try {
    removeQuietly(`${folder}/${id}`);
  } catch (error) {
    // Runs that end together remove the same ones.
    if (!isSystemError(error)) throw error;
  }
}

function recordedTask(
  { task, state, resolved, failure, log }: TaskOutcome,
  folder: string,
): RecordedTask {
  return {
    task: task.id,
    stage: task.stage,
    folder,
    state: failure?.reason === "cancelled" ? "interrupted" : state,
    ...(resolved ? { key: resolved.key } : {}),
    ...(failure ? { message: failure.message } : {}),
    ...(log && log.length > 0 ? { log } : {}),
  };
}

/** Replaces the link in one step, so that it never points nowhere. */
function pointLatest(folder: string, id: string): void {
  const temporary = `${folder}/.latest-${id}`;
  Deno.symlinkSync(id, temporary, { type: "dir" });
  Deno.renameSync(temporary, `${folder}/latest`);
}

/** Whether a run's result is the recorded one: same tasks, same keys. */
export function isRecorded(
  record: RunRecord | undefined,
  outcomes: readonly TaskOutcome[],
): boolean {
  if (record?.format !== 2 || record.outcome !== "done") return false;
  if (record.tasks.length !== outcomes.length) return false;
  return outcomes.every(({ task, resolved }, index) => {
    const recorded = record.tasks[index]!;
    return recorded.task === task.id && recorded.key === resolved?.key;
  });
}
