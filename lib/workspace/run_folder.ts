/**
 * Puts the artifacts of a run into a folder for people: readable names, and copies that may be
 * changed.
 *
 * @module
 */
import { dirname, relative, resolve } from "@std/path";
import { copyPath } from "../cache/local/object.ts";
import { removeQuietly } from "../cache/disk/replace_file.ts";
import { ifThere } from "../cache/disk/system_error.ts";
import { pathBytes } from "../cache/local/usage.ts";
import type { Task } from "../pipeline/plan/plan.ts";
import type { TaskOutcome } from "../pipeline/run/run.ts";
import type { ArtifactType } from "../pipeline/contract/stage.ts";
import { fileNames } from "./file_names.ts";

const extensions: Partial<Record<ArtifactType, string>> = {
  prompt: ".safetensors",
  features: ".safetensors",
  tensor: ".safetensors",
  scores: ".json",
  curve: ".json",
  cost: ".json",
  estimate: ".json",
  json: ".json",
  answers: ".jsonl",
  text: ".txt",
};

/** Names inside the folder of a run: `prompt/loss=tvp,seed=0/prompt.safetensors`. */
export class RunLayout {
  readonly #stages = new Map<string, Task[]>();
  readonly #folders = new Map<Task, string>();
  readonly #stageFolders: ReadonlyMap<string, string>;

  /** @param tasks All tasks of the plan: which of them are run changes no name. */
  constructor(tasks: readonly Task[]) {
    for (const task of tasks) {
      const own = this.#stages.get(task.stage);
      if (own === undefined) this.#stages.set(task.stage, [task]);
      else own.push(task);
    }
    const names = [...this.#stages.keys()];
    this.#stageFolders = zip(names, fileNames(names));
  }

  /** Folder of a task. */
  folderOf(task: Task): string {
    if (!this.#folders.has(task)) this.#nameFolders(task.stage);
    return this.#folders.get(task)!;
  }

  /** Paths of a task's outputs, by output. */
  filesOf(task: Task): ReadonlyMap<string, string> {
    const outputs = Object.keys(task.outputs);
    const names = fileNames(outputs.map((output) => outputFileName(task, output)));
    return zip(outputs, names.map((name) => `${this.folderOf(task)}/${name}`));
  }

  #nameFolders(stage: string): void {
    const tasks = this.#stages.get(stage)!;
    const folder = this.#stageFolders.get(stage)!;
    const isAlone = tasks.length === 1 && tasks[0]!.label === "";
    const names = fileNames(tasks.map(({ label }) => label));
    tasks.forEach((task, index) =>
      this.#folders.set(task, isAlone ? folder : `${folder}/${names[index]}`)
    );
  }
}

function zip<K, V>(keys: readonly K[], values: readonly V[]): ReadonlyMap<K, V> {
  return new Map(keys.map((key, index) => [key, values[index]!]));
}

/** What a task calls the file of an output, before it meets others of the same name. */
export function outputFileName(task: Task, output: string): string {
  return task.definition.files?.[output] ?? `${output}${extensions[task.outputs[output]!] ?? ""}`;
}

/** Bytes that are copied for the folder of a run, the small artifacts first. */
const MOST_COPIED_BYTES = 64 << 20;

/**
 * Puts the artifacts into the folder of a run that are not there. They are copies: if they are
 * changed, the store stays as it is. Only what is too large for that is a symbolic link to the object.
 */
export function fillRunFolder(
  run: string,
  layout: RunLayout,
  outcomes: readonly TaskOutcome[],
): void {
  const artifacts = outcomes.flatMap(({ task, hit }) => {
    if (!hit) return [];
    return [...layout.filesOf(task)].flatMap(([output, file]) => {
      const artifact = hit.outputs[output];
      const to = `${run}/${file}`;
      if (artifact === undefined || ifThere(() => Deno.statSync(to))) return [];
      return [{ path: artifact.path, to, bytes: pathBytes(artifact.path) }];
    });
  });
  let left = MOST_COPIED_BYTES;
  for (const { path, to, bytes } of artifacts.sort((a, b) => a.bytes - b.bytes)) {
    left -= bytes;
    Deno.mkdirSync(dirname(to), { recursive: true });
    // A link whose object is gone is in the way.
    removeQuietly(to);
    if (left >= 0) copyPath(path, to);
    else Deno.symlinkSync(relative(dirname(resolve(to)), resolve(path)), to);
  }
}
