import { basename } from "@std/path";
import { sealStatement } from "../../attestation/envelope.ts";
import { makeStatement } from "../../attestation/statement.ts";
import { digestFile } from "../../cache/digest/digest.ts";
import { replaceFile } from "../../cache/disk/replace_file.ts";
import { ifThere } from "../../cache/disk/system_error.ts";
import { startCommand } from "../../workspace/start_command.ts";
import { diagnosticError } from "../../diagnostic/diagnostic.ts";
import type { Digest } from "../../pipeline/contract/key.ts";
import { type Command, exitCodes, hasFlag, pipelineOptions, textOption } from "../command.ts";
import { findRun, folderOfRun, recordedRuns, runHelp } from "../find_run.ts";
import { openPipeline, readSpec } from "../../workspace/open_pipeline.ts";
import { requiredSigner } from "../../workspace/open_store.ts";
import { stateFolder } from "../../workspace/places.ts";
import { giveUpAfterOpening } from "../permissions.ts";
import { pipelineOf } from "../pipeline_arguments.ts";
import { count, printJson, printLine } from "../print.ts";
import { claimReport, findReport } from "../report_claim.ts";
import { statementPath } from "../report_file.ts";
import { latestRun, type RunRecord, runsFolder } from "../../workspace/run_record.ts";

/** Signs a report. */
const command: Command = {
  name: "sign",
  summary: "Signs a run's report and the digests of everything it was made from.",
  operands: "[RUN|FILE]",
  operandHelp: runHelp,
  minOperands: 0,
  maxOperands: 1,
  example: "deno task tvp sign pipelines/quickstart.yaml",
  options: {
    of: { type: "text", value: "STAGE.OUTPUT", help: "what to sign; default: the report.json" },
    cache: pipelineOptions.cache,
    remote: pipelineOptions.remote,
    json: pipelineOptions.json,
  },
  async run(args) {
    const signer = await requiredSigner("sign a report");
    const run = await chooseRun(args.operands[0]);
    const options = new Map([...args.options, ["set", run.set ?? []] as const]);
    await using opened = await openPipeline(pipelineOf({ operands: [run.file], options }), {
      onOpen: giveUpAfterOpening,
    });
    const report = findReport(opened.plan, run, textOption(args, "of"));
    const claim = await claimReport(opened, run, report);
    const path = `${folderOfRun(run)}/${report.path}`;
    const { task, output } = claim.report;
    const made = claim.tasks.find((each) => each.task === task)!.outputs[output]!;
    await checkUnchanged(path, made.digest);
    const statement = makeStatement({ name: basename(path), digest: made.digest }, claim);
    const signed = statementPath(path);
    replaceFile(signed, await sealStatement(statement, signer));
    const [tasks, sources] = [claim.tasks.length, claim.sources.length];
    const { publicKey: key } = signer;
    if (hasFlag(args, "json")) printJson({ report: path, statement: signed, key, tasks, sources });
    else {
      const made = `made by ${count(tasks, "task")} from ${count(sources, "source")}`;
      printLine(`Signed ${path}, ${made}\nStatement: ${signed}\nKey: ${key}`);
      const shown = `deno task tvp verify-report ${basename(path)} --key ${key}`;
      printLine(`Others, with both files and this project: ${shown}`);
    }
    return exitCodes.done;
  },
};
export default command;

/** The run that is named, the newest of a pipeline file, or the newest of all. */
async function chooseRun(named: string | undefined): Promise<RunRecord> {
  if (named === undefined) {
    const newest = recordedRuns().sort((a, b) => b.startedAt - a.startedAt)[0];
    return newest ?? fail("Cannot sign a report: there is no run in this folder");
  }
  if (!ifThere(() => Deno.statSync(named))?.isFile) return findRun(named, "sign");
  const { name } = await readSpec(named, []);
  const latest = latestRun(runsFolder(stateFolder, name));
  return latest ?? fail(`Cannot sign a report of ${named}: it has not been run in this folder`);
}

/** A report that somebody has edited since is not what the run wrote. */
async function checkUnchanged(path: string, digest: Digest): Promise<void> {
  if (await digestFile(path) === digest) return;
  fail(`Cannot sign ${path}: it is not what the run wrote`);
}

function fail(message: string): never {
  const notes = [`run it: ${startCommand("run", "FILE")}`];
  throw diagnosticError("unsignable", message, notes);
}
