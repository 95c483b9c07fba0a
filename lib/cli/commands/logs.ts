import { type Command, exitCodes, hasFlag, pipelineOptions } from "../command.ts";
import { deviceOptions } from "../device.ts";
import { stateFolder } from "../../workspace/places.ts";
import { isNamed, type OpenedPreview, openPreview } from "../../workspace/open_preview.ts";
import { otherSettings, otherSettingsNote } from "../last_settings.ts";
import { pipelineOf, previewOptions } from "../pipeline_arguments.ts";
import { printJson, printLine } from "../print.ts";
import {
  latestRun,
  type RecordedTask,
  type RunRecord,
  runsFolder,
} from "../../workspace/run_record.ts";

/** Prints what a stage has logged. */
const command: Command = {
  name: "logs",
  summary: "Prints the logs of the tasks of a stage, or of those that failed in the last run.",
  operands: "FILE [STAGE]",
  minOperands: 1,
  maxOperands: 2,
  example: "deno task tvp logs pipelines/quickstart.yaml prompt",
  options: { ...pipelineOptions, ...deviceOptions },
  async run(args) {
    const [, target] = args.operands;
    const file = pipelineOf(args);
    const targets = target === undefined ? [] : [target];
    await using opened = await openPreview(file, await previewOptions(args, targets));
    const last = latestRun(runsFolder(stateFolder, opened.plan.name));
    const set = file.set ?? [];
    const logs = target === undefined
      ? failedLogs(last)
      : await stageLogs(opened, target, { last, set });
    if (hasFlag(args, "json")) logs.forEach(({ task, log }) => printJson({ task, log }));
    else if (target === undefined) printFailures(logs, { opened, last, set });
    else {
      logs.forEach(printLog);
      const note = otherSettingsNote(last, set);
      if (note !== undefined && logs.some(({ state }) => state === unrun)) printLine(note);
    }
    return exitCodes.done;
  },
};
export default command;

/** What a task has logged. */
interface TaskLog {
  readonly task: string;
  readonly log: string;
  /** What became of the task; absent where its result is in the store. */
  readonly state?: string;
}

const unrun = "has not run";

/** Of a recorded run, whatever it had set. */
function failedLogs(run: RunRecord | undefined): TaskLog[] {
  return (run?.tasks ?? []).filter(({ state }) => state === "failed").map(recordedLog);
}

function recordedLog({ task, message, log = [] }: RecordedTask): TaskLog {
  return { task, log: log.map((line) => `${line}\n`).join(""), state: message ?? "failed" };
}

/** Of the tasks of a stage: from the store, or else from the last run if they failed in it. */
async function stageLogs(
  { previews }: OpenedPreview,
  target: string,
  { last, set }: { readonly last: RunRecord | undefined; readonly set: readonly string[] },
): Promise<TaskLog[]> {
  const isSameRun = otherSettings(last, set) === undefined;
  const failures = new Map(
    (last?.tasks ?? []).filter(({ message }) => message !== undefined)
      .map((recorded) => [recorded.task, recorded]),
  );
  const named = previews.filter(({ task }) => isNamed(task, target));
  return await Promise.all(named.map(async ({ task, hit, resolved }): Promise<TaskLog> => {
    if (hit) return { task: task.id, log: await hit.log() };
    const failed = failures.get(task.id);
    const isOfThis = isSameRun || (failed?.key !== undefined && failed.key === resolved?.key);
    return failed && isOfThis ? recordedLog(failed) : { task: task.id, log: "", state: unrun };
  }));
}

function printFailures(
  logs: readonly TaskLog[],
  { opened, last, set }: {
    readonly opened: OpenedPreview;
    readonly last: RunRecord | undefined;
    readonly set: readonly string[];
  },
): void {
  const had = otherSettings(last, set);
  if (logs.length === 0) printLine(noFailures(opened, last, had));
  else if (had !== undefined) printLine(`The last run, ${last!.id}, had ${had}:`);
  logs.forEach(printLog);
}

function printLog({ task, log, state }: TaskLog): void {
  printLine(`── ${task}${state === undefined ? "" : `: ${state}`}`);
  if (log !== "") printLine(log.trimEnd());
  else if (state !== unrun) printLine("(it logged nothing)");
}

function noFailures(
  { plan }: OpenedPreview,
  last: RunRecord | undefined,
  had: string | undefined,
): string {
  const which = had === undefined ? "" : `, which had ${had}`;
  const state = last === undefined
    ? "Nothing has run yet"
    : `No task failed in the last run${which}`;
  return `${state}; the stages are: ${[...plan.stages.keys()].join(", ")}`;
}
