/** Copies the models of a recorded run into a folder. @module */
import { ifThere } from "../cache/system_error.ts";
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { isFolder } from "./is_folder.ts";
import type { RecordedTask } from "./run_record.ts";

/** What a copy is made of. */
export interface Installation {
  /** Where the run's artifacts lie. */
  readonly run: string;
  /** A model lies in `<folder>/model`. */
  readonly tasks: readonly Pick<RecordedTask, "task" | "stage" | "folder">[];
  /** Names of the models of stages; an empty one leaves them out. */
  readonly names: ReadonlyMap<string, string>;
  /** Where to: a folder for each model. */
  readonly target: string;
}

/** One model that was copied. */
export interface InstalledModel {
  readonly task: string;
  readonly name: string;
}

/**
 * Copies the models; tasks that made none are passed over.
 *
 * @throws {DiagnosticError} If the store no longer has a model that a task made.
 */
export function* installModels(
  { run, tasks, names, target }: Installation,
): Generator<InstalledModel> {
  for (const { task, stage, folder } of tasks) {
    const source = `${run}/${folder}/model`;
    const name = names.get(stage) ?? nameOf(task);
    if (name === "" || !ifThere(() => Deno.lstatSync(source))) continue;
    if (!ifThere(() => Deno.statSync(source))) throw gone(task, source);
    if (!isFolder(source)) continue;
    install(source, `${target}/${name}`);
    yield { task, name };
  }
}

/** The values of the task's cell, or the name of its stage. */
function nameOf(task: string): string {
  const [, stage, label] = /^([^[]+)(?:\[(.*)\])?$/s.exec(task)!;
  return label?.split(",").map((part) => part.slice(part.indexOf("=") + 1)).join("-") ?? stage!;
}

function gone(task: string, link: string): DiagnosticError {
  const message = `Cannot install the model of ${task}: ${link} leads nowhere`;
  const notes = [
    "its store was moved or cleaned; run the pipeline again, which makes what is gone",
  ];
  return new DiagnosticError([{ code: "model-gone", severity: "error", message, notes }]);
}

/** Puts a copy in place of what is there; at no time is half a model there. */
function install(source: string, target: string): void {
  const temporary = `${target}.${crypto.randomUUID().slice(0, 8)}`;
  Deno.mkdirSync(target.slice(0, target.lastIndexOf("/")), { recursive: true });
  copyFolder(source, temporary);
  keepCard(target, temporary);
  if (isFolder(target)) Deno.removeSync(target, { recursive: true });
  Deno.renameSync(temporary, target);
}

/** A model card is written by people: it stays until they change it. */
function keepCard(from: string, to: string): void {
  const card = "README.md";
  ifThere(() => Deno.copyFileSync(`${from}/${card}`, `${to}/${card}`));
}

function copyFolder(from: string, to: string): void {
  Deno.mkdirSync(to);
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copyFolder(`${from}/${name}`, `${to}/${name}`);
    else Deno.writeFileSync(`${to}/${name}`, Deno.readFileSync(`${from}/${name}`), { mode: 0o644 });
  }
}
