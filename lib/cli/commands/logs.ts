import { type Command, exitCodes, hasFlag, pipelineOptions } from "../command.ts";
import { deviceOptions } from "../device.ts";
import { stateFolder } from "../../workspace/places.ts";
import { isNamed, type OpenedPreview, openPreview } from "../../workspace/open_preview.ts";
import { pipelineOf, previewOptions } from "../pipeline_arguments.ts";
import { printJson, printLine } from "../print.ts";
import { latestRun, type RunRecord, runsFolder } from "../../workspace/run_record.ts";

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
    const targets = target === undefined ? [] : [target];
    await using opened = await openPreview(pipelineOf(args), await previewOptions(args, targets));
    const last = latestRun(runsFolder(stateFolder, opened.plan.name));
    const failures = new Map(
      (last?.tasks ?? []).flatMap((recorded) =>
        recorded.message === undefined ? [] : [[recorded.task, recorded] as const]
      ),
    );
    const shown = opened.previews.filter(({ task, hit }) =>
      target === undefined
        ? !hit && failures.get(task.id)?.state === "failed"
        : isNamed(task, target)
    );
    if (shown.length === 0 && !hasFlag(args, "json")) printLine(noFailures(opened, last));
    for (const { task, hit } of shown) {
      const failed = failures.get(task.id);
      const log = await hit?.log() ?? failed?.log?.map((line) => `${line}\n`).join("") ?? "";
      if (hasFlag(args, "json")) printJson({ task: task.id, log });
      else {
        printLine(
          `── ${task.id}${hit ? "" : failed?.message ? `: ${failed.message}` : ": has not run"}`,
        );
        if (log !== "") printLine(log.trimEnd());
        else if (hit ?? failed) printLine("(it logged nothing)");
      }
    }
    return exitCodes.done;
  },
};
export default command;

function noFailures({ plan }: OpenedPreview, last: RunRecord | undefined): string {
  const state = last === undefined ? "Nothing has run yet" : "No task failed in the last run";
  return `${state}; the stages are: ${[...plan.stages.keys()].join(", ")}`;
}
