/** Copies the models of a recorded run into a folder. @module */
import { ifThere } from "../cache/disk/system_error.ts";
import { type DiagnosticError, diagnosticError } from "../diagnostic/diagnostic.ts";
import { modelNameMistake, segmentMistake } from "../trust/names.ts";
import { isFolder } from "./is_folder.ts";
import type { RecordedTask } from "./run_record.ts";

/** What a copy is made of. */
export interface Installation {
  /** Where the run's artifacts lie. */
  readonly run: string;
  /** A model lies in `<folder>/model`. */
  readonly tasks: readonly Pick<RecordedTask, "task" | "stage" | "folder">[];
  /**
   * Names of the models of stages; an empty one leaves them out. A stage's own name goes before a
   * pattern with one star that holds it (`trained-*`).
   */
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
 * Copies the models; tasks that made none are passed over. Only folders directly below the target are
 * written: all names are checked before anything is.
 *
 * @throws {DiagnosticError} If a name is not a model's, or the store no longer has a model that a
 * task made.
 */
export function* installModels(
  { run, tasks, names, target }: Installation,
): Generator<InstalledModel> {
  const found = tasks.flatMap(({ task, stage, folder }) => {
    const source = `${run}/${folder}/model`;
    const name = givenName(names, stage) ?? nameOf(task);
    if (name === "" || !isInside(folder) || !ifThere(() => Deno.lstatSync(source))) return [];
    if (!ifThere(() => Deno.statSync(source))) throw gone(task, source);
    if (!isFolder(source)) return [];
    const mistake = modelNameMistake(name) ?? fileMistake(`${target}/${name}`);
    if (mistake !== undefined) throw badName({ task, stage, name, mistake });
    return [{ task, name, source }];
  });
  for (const { task, name, source } of found) {
    install(source, `${target}/${name}`);
    yield { task, name };
  }
}

/** A model replaces a model, and no file. */
function fileMistake(target: string): string | undefined {
  const isFile = ifThere(() => Deno.statSync(target))?.isDirectory === false;
  return isFile ? "a file has this name there" : undefined;
}

/** A record may have been written by anyone. */
function isInside(folder: unknown): folder is string {
  return typeof folder === "string" &&
    folder.split("/").every((name) => segmentMistake(name) === undefined);
}

function givenName(names: Installation["names"], stage: string): string | undefined {
  const holds = (pattern: string) => {
    const [begin, end] = pattern.split("*");
    return end !== undefined && stage.startsWith(begin!) && stage.endsWith(end);
  };
  return names.get(stage) ?? [...names].find(([pattern]) => holds(pattern))?.[1];
}

/** The values of the task's cell, or the name of its stage. */
function nameOf(task: string): string {
  const [, stage = task, label] = /^([^[]+)(?:\[(.*)\])?$/s.exec(task) ?? [];
  return label?.split(",").map((part) => part.slice(part.indexOf("=") + 1)).join("-") ?? stage;
}

function badName(
  { task, stage, name, mistake }: Readonly<Record<"task" | "stage" | "name" | "mistake", string>>,
): DiagnosticError {
  const message = `Cannot install the model of ${task} as "${name}": ${mistake}`;
  const notes = [`name it yourself: --as ${stage}=NAME, or leave it out: --as ${stage}=`];
  return diagnosticError("bad-model-name", message, notes);
}

function gone(task: string, link: string): DiagnosticError {
  const message = `Cannot install the model of ${task}: ${link} leads to nothing`;
  const notes = [
    "its store was moved or cleaned; run the pipeline again to make the model again",
  ];
  return diagnosticError("model-gone", message, notes);
}

/** Replaces a folder by a copy in one step, so that never half a model is there. */
function install(source: string, target: string): void {
  const temporary = `${target}.${crypto.randomUUID().slice(0, 8)}`;
  Deno.mkdirSync(target.slice(0, target.lastIndexOf("/")), { recursive: true });
  try {
    copyFolder(source, temporary);
    keepCard(target, temporary);
    if (isFolder(target)) Deno.removeSync(target, { recursive: true });
    Deno.renameSync(temporary, target);
  } finally {
    ifThere(() => Deno.removeSync(temporary, { recursive: true }));
  }
}

/** A model card is written by people: it stays until they change it, whatever a new model has there. */
function keepCard(from: string, to: string): void {
  const card = "README.md";
  if (!ifThere(() => Deno.statSync(`${from}/${card}`))?.isFile) return;
  ifThere(() => Deno.removeSync(`${to}/${card}`, { recursive: true }));
  Deno.copyFileSync(`${from}/${card}`, `${to}/${card}`);
}

function copyFolder(from: string, to: string): void {
  Deno.mkdirSync(to);
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copyFolder(`${from}/${name}`, `${to}/${name}`);
    else if (Deno.statSync(`${from}/${name}`).isFile) {
      Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
      Deno.chmodSync(`${to}/${name}`, 0o644);
    }
  }
}
