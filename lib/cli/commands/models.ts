import { DiagnosticError } from "../../diagnostic/diagnostic.ts";
import { suggestions } from "../../diagnostic/suggest.ts";
import { type Command, type CommandArguments, exitCodes, hasFlag } from "../command.ts";
import { projectRoot, stateFolder } from "../open_pipeline.ts";
import { printJson, printLine } from "../print.ts";
import { latestRun, recordedPipelines, runsFolder } from "../run_record.ts";

/** Brings trained models into the zoo. */
const command: Command = {
  name: "models",
  summary: "Copies the models of a pipeline's latest run into models/, where zoo/NAME finds them.",
  operands: "install [PIPELINE]",
  minOperands: 1,
  maxOperands: 2,
  example: "deno task tvp models install zoo --as clip=mini-clip --as encoder=",
  options: {
    as: {
      type: "text",
      value: "STAGE=NAME",
      repeat: true,
      help: "name of a stage's model; an empty one leaves it out",
    },
    json: { type: "flag", help: "one installed model a line as JSON" },
  },
  run(args) {
    const [verb, pipeline = "zoo"] = args.operands;
    if (verb !== "install") {
      throw usage(`Cannot run models "${verb}": expected models install`, []);
    }
    const folder = runsFolder(stateFolder, pipeline);
    const run = latestRun(folder);
    if (!run) {
      const known = suggestions(pipeline, recordedPipelines(stateFolder));
      throw usage(`Cannot install from "${pipeline}": it has no run here`, known);
    }
    const names = namesOf(args);
    for (const { task, stage } of run.tasks) {
      const source = `${folder}/latest/${folderOf(task)}/model`;
      const name = names.get(stage) ?? nameOf(task);
      if (name === "" || !isDirectory(source)) continue;
      install(source, new URL(`models/${name}`, projectRoot).pathname);
      if (hasFlag(args, "json")) printJson({ task, name });
      else printLine(`${task} → models/${name}`);
    }
    return Promise.resolve(exitCodes.done);
  },
};
export default command;

function namesOf(args: CommandArguments): Map<string, string> {
  return new Map((args.options.get("as") ?? []).map((text) => {
    const at = text.indexOf("=");
    if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
    throw usage(`Cannot use "${text}" for --as: expected STAGE=NAME`, []);
  }));
}

function usage(message: string, notes: readonly string[]): DiagnosticError {
  return new DiagnosticError([{ code: "usage", severity: "error", message, notes }]);
}

/** `mllm[architecture=mini-blip2]` lies in `mllm/architecture=mini-blip2`. */
function folderOf(task: string): string {
  const [, stage, label] = /^([^[]+)(?:\[(.*)\])?$/s.exec(task)!;
  return label === undefined ? stage! : `${stage}/${label.replace(/[\/\\]/g, "-")}`;
}

/** The values of the task's cell, or the name of its stage. */
function nameOf(task: string): string {
  const [, stage, label] = /^([^[]+)(?:\[(.*)\])?$/s.exec(task)!;
  return label?.split(",").map((part) => part.slice(part.indexOf("=") + 1)).join("-") ?? stage!;
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Puts a copy in place of what is there; at no time is half a model there. */
function install(source: string, target: string): void {
  const temporary = `${target}.${crypto.randomUUID().slice(0, 8)}`;
  Deno.mkdirSync(target.slice(0, target.lastIndexOf("/")), { recursive: true });
  copyFolder(source, temporary);
  if (isDirectory(target)) Deno.removeSync(target, { recursive: true });
  Deno.renameSync(temporary, target);
}

function copyFolder(from: string, to: string): void {
  Deno.mkdirSync(to);
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copyFolder(`${from}/${name}`, `${to}/${name}`);
    else Deno.writeFileSync(`${to}/${name}`, Deno.readFileSync(`${from}/${name}`), { mode: 0o644 });
  }
}
