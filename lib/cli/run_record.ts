/** What is kept of a run: `.tvp/runs/<pipeline>/<id>/run.json` and links to its artifacts. @module */
import { dirname, relative, resolve } from "node:path";
import type { TaskOutcome } from "../pipeline/run.ts";
import { sha256 } from "../pipeline/canonical.ts";
import type { Task } from "../pipeline/plan.ts";
import type { ArtifactType } from "../pipeline/stage.ts";

/** A run as it is recorded. */
export interface RunRecord {
  readonly format: 1;
  readonly id: string;
  readonly pipeline: string;
  /** Pipeline file as it was named. */
  readonly file: string;
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
  readonly key?: string;
  readonly state: TaskOutcome["state"];
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

function readRecord(path: string): RunRecord | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(path)) as RunRecord;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function runIds(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].filter((entry) =>
      entry.isDirectory && /^\d/.test(entry.name)
    )
      .map((entry) => entry.name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Writes the record and the links, and points `latest` at them. Returns the folder. */
export function recordRun(
  folder: string,
  record: Omit<RunRecord, "id" | "format" | "tasks">,
  outcomes: readonly TaskOutcome[],
): string {
  const id = runId(record.startedAt);
  const path = `${folder}/${id}`;
  Deno.mkdirSync(path, { recursive: true });
  for (const outcome of outcomes) linkArtifacts(path, outcome);
  const tasks = outcomes.map(recordedTask);
  const full: RunRecord = { format: 1, id, ...record, tasks };
  Deno.writeTextFileSync(`${path}/run.json`, `${JSON.stringify(full)}\n`);
  pointLatest(folder, id);
  for (const old of runIds(folder).slice(0, -keptRuns)) {
    Deno.removeSync(`${folder}/${old}`, { recursive: true });
  }
  return path;
}

function recordedTask({ task, state, resolved, failure, log }: TaskOutcome): RecordedTask {
  return {
    task: task.id,
    stage: task.stage,
    state,
    ...(resolved ? { key: resolved.key } : {}),
    ...(failure ? { message: failure.message } : {}),
    ...(log && log.length > 0 ? { log } : {}),
  };
}

function runId(startedAt: number): string {
  const time = new Date(startedAt).toISOString().replace(/[-:]/g, "").replace(".", "");
  return `${time}-${crypto.randomUUID().slice(0, 4)}`;
}

/** Replaces the link in one step, so that it never points nowhere. */
function pointLatest(folder: string, id: string): void {
  const temporary = `${folder}/.latest-${id}`;
  Deno.symlinkSync(id, temporary, { type: "dir" });
  Deno.renameSync(temporary, `${folder}/latest`);
}

const extensions: Partial<Record<ArtifactType, string>> = {
  prompt: ".safetensors",
  tensor: ".safetensors",
  scores: ".json",
  curve: ".json",
  json: ".json",
  answers: ".jsonl",
  text: ".txt",
};

/** File name under which people see an output. */
export function outputFileName(task: Task, output: string): string {
  return task.definition.files?.[output] ?? `${output}${extensions[task.outputs[output]!] ?? ""}`;
}

/** Folder of a task inside the folder of a run: `prompt/loss=tvp,seed=0`. */
export function taskFolder(task: Task): string {
  return task.label === "" ? task.stage : `${task.stage}/${fileName(task.label)}`;
}

/** File systems take 255 bytes. */
const longestName = 200;

function fileName(label: string): string {
  const name = label.replace(/[\/\\]/g, "-");
  if (new TextEncoder().encode(name).length <= longestName) return name;
  return `${name.slice(0, longestName / 4)}…${sha256(label).slice(0, 12)}`;
}

function linkArtifacts(run: string, { task, hit }: TaskOutcome): void {
  if (!hit) return;
  const folder = `${run}/${taskFolder(task)}`;
  Deno.mkdirSync(folder, { recursive: true });
  for (const [output, artifact] of Object.entries(hit.outputs)) {
    const link = `${folder}/${outputFileName(task, output)}`;
    if (isFolder(artifact.type)) linkFolder(artifact.path, link);
    else linkFile(artifact.path, link);
  }
}

function linkFolder(path: string, link: string): void {
  const target = relative(dirname(resolve(link)), resolve(path));
  Deno.symlinkSync(target, link, { type: "dir" });
}

/**
 * A hard link: browsers and viewers follow a symbolic one to the object, whose name has no
 * extension to tell what it is. Copied where the store is on another file system.
 */
function linkFile(path: string, link: string): void {
  try {
    Deno.linkSync(path, link);
  } catch {
    Deno.copyFileSync(path, link);
  }
}

function isFolder(type: ArtifactType): boolean {
  return type === "model" || type === "dataset" || type === "directory";
}

/** Whether a run's result is the recorded one: same tasks, same keys, links in place. */
export function isRecorded(
  record: RunRecord | undefined,
  outcomes: readonly TaskOutcome[],
): boolean {
  if (record?.outcome !== "done" || record.tasks.length !== outcomes.length) return false;
  return outcomes.every(({ task, resolved }, index) => {
    const recorded = record.tasks[index]!;
    return recorded.task === task.id && recorded.key === resolved?.key;
  });
}
