/** Copies trained models into the zoo. @module */
import { diagnosticError } from "../diagnostic/diagnostic.ts";
import { suggestions } from "../diagnostic/suggest.ts";
import { type CommandArguments, hasFlag } from "./command.ts";
import { installModels } from "../workspace/install_models.ts";
import { projectRoot, stateFolder } from "../workspace/places.ts";
import { printJson, printLine } from "./print.ts";
import { latestRun, recordedPipelines, runsFolder } from "../workspace/run_record.ts";

/**
 * Copies the models of a pipeline's latest run into the zoo, and prints what each is called there.
 *
 * @throws {DiagnosticError} If the pipeline has no run here.
 */
export function installLatest(args: CommandArguments, pipeline = "zoo"): void {
  const folder = runsFolder(stateFolder, pipeline);
  const run = latestRun(folder);
  if (!run) {
    const known = suggestions(pipeline, recordedPipelines(stateFolder));
    throw diagnosticError("usage", `Cannot install from "${pipeline}": it has no run here`, known);
  }
  const target = new URL("zoo", projectRoot).pathname;
  const what = { run: `${folder}/latest`, tasks: run.tasks, names: namesOf(args), target };
  const installed = [...installModels(what)];
  if (installed.length === 0) {
    throw diagnosticError(
      "usage",
      `Cannot install from "${pipeline}": none of its tasks made a model`,
      [],
    );
  }
  for (const { task, name } of installed) {
    if (hasFlag(args, "json")) printJson({ task, name });
    else printLine(`${task} → zoo/${name}`);
  }
}

function namesOf(args: CommandArguments): Map<string, string> {
  return new Map((args.options.get("as") ?? []).map((text) => {
    const at = text.indexOf("=");
    if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
    throw diagnosticError("usage", `Cannot use "${text}" for --as: expected STAGE=NAME`, []);
  }));
}
