import { DiagnosticError } from "../../diagnostic/diagnostic.ts";
import { selectTargets } from "../../pipeline/plan.ts";
import { previewPlan } from "../../pipeline/preview.ts";
import { type Command, exitCodes, hasFlag, pipelineOptions } from "../command.ts";
import { openPipeline, stateFolder } from "../open_pipeline.ts";
import { printJson, printLine } from "../print.ts";
import { latestRun, runsFolder } from "../run_record.ts";

/** Prints what a stage has logged. */
const command: Command = {
  name: "logs",
  summary: "Prints what the tasks of a stage have logged.",
  operands: "FILE STAGE",
  minOperands: 2,
  maxOperands: 2,
  example: "deno task tvp logs pipelines/quickstart.yaml prompt",
  options: pipelineOptions,
  async run(args) {
    await using opened = await openPipeline(args);
    const { plan } = opened;
    const target = args.operands[1]!;
    const selected = selectTargets(plan, [target]);
    if (!selected.ok) throw new DiagnosticError(selected.error);
    const last = latestRun(runsFolder(stateFolder, plan.name));
    const previews = await previewPlan(plan, { ...opened, selected: selected.value });
    for (const { task, hit } of previews) {
      if (task.stage !== target && task.id !== target) continue;
      const failed = last?.tasks.find((recorded) => recorded.task === task.id && recorded.log);
      const log = await hit?.log() ?? failed?.log?.map((line) => `${line}\n`).join("") ?? "";
      if (hasFlag(args, "json")) printJson({ task: task.id, log });
      else {
        printLine(
          `── ${task.id}${hit ? "" : failed?.message ? `: ${failed.message}` : ": has not run"}`,
        );
        if (log !== "") printLine(log.trimEnd());
        else if (hit) printLine("(it logged nothing)");
      }
    }
    return exitCodes.done;
  },
};
export default command;
