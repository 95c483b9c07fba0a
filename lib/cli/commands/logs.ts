import { type Command, exitCodes, hasFlag, pipelineOptions } from "../command.ts";
import { deviceOptions } from "../device.ts";
import { stateFolder } from "../../workspace/places.ts";
import { isNamed, openPreview } from "../../workspace/open_preview.ts";
import { pipelineOf, previewOptions } from "../pipeline_arguments.ts";
import { printJson, printLine } from "../print.ts";
import { latestRun, runsFolder } from "../../workspace/run_record.ts";

/** Prints what a stage has logged. */
const command: Command = {
  name: "logs",
  summary: "Prints the logs of the tasks of a stage.",
  operands: "FILE STAGE",
  minOperands: 2,
  maxOperands: 2,
  example: "deno task tvp logs pipelines/quickstart.yaml prompt",
  options: { ...pipelineOptions, ...deviceOptions },
  async run(args) {
    const target = args.operands[1]!;
    await using opened = await openPreview(pipelineOf(args), await previewOptions(args, [target]));
    const last = latestRun(runsFolder(stateFolder, opened.plan.name));
    for (const { task, hit } of opened.previews.filter(({ task }) => isNamed(task, target))) {
      const failed = last?.tasks.find((recorded) => recorded.task === task.id && recorded.message);
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
