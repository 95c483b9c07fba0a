import { DiagnosticError } from "../../diagnostic/diagnostic.ts";
import { suggestions } from "../../diagnostic/suggest.ts";
import { type Command, type CommandArguments, exitCodes, hasFlag } from "../command.ts";
import { installModels } from "../../workspace/install_models.ts";
import { projectRoot, stateFolder } from "../../workspace/places.ts";
import { printJson, printLine } from "../print.ts";
import { latestRun, recordedPipelines, runsFolder } from "../../workspace/run_record.ts";

/** Brings trained models into the zoo. */
const command: Command = {
  name: "models",
  summary: "Copies the models of a pipeline's latest run into zoo/, where zoo/NAME finds them.",
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
    const target = new URL("zoo", projectRoot).pathname;
    const what = { run: `${folder}/latest`, tasks: run.tasks, names: namesOf(args), target };
    const installed = [...installModels(what)];
    if (installed.length === 0) {
      throw usage(`Cannot install from "${pipeline}": none of its tasks made a model`, []);
    }
    for (const { task, name } of installed) {
      if (hasFlag(args, "json")) printJson({ task, name });
      else printLine(`${task} → zoo/${name}`);
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
