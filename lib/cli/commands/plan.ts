import type { TaskPreview } from "../../pipeline/plan/preview.ts";
import { type Command, exitCodes, hasFlag, pipelineOptions } from "../command.ts";
import { deviceOptions } from "../device.ts";
import { openPreview } from "../../workspace/open_preview.ts";
import { pipelineOf, previewOptions } from "../pipeline_arguments.ts";
import { count, printJson, printLine, table } from "../print.ts";

/** Shows what a run would do. */
const command: Command = {
  name: "plan",
  summary: "Shows what a run would do, task by task.",
  operands: "FILE",
  minOperands: 1,
  maxOperands: 1,
  example: "deno task tvp plan pipelines/quickstart.yaml --set 'vars.seeds=[0]'",
  options: {
    ...pipelineOptions,
    ...deviceOptions,
    target: { type: "text", value: "STAGE", repeat: true, help: "this stage and what it needs" },
  },
  async run(args) {
    await using opened = await openPreview(
      pipelineOf(args),
      await previewOptions(args, args.options.get("target")),
    );
    const { previews } = opened;
    if (hasFlag(args, "json")) previews.forEach((preview) => printJson(previewRecord(preview)));
    else printPlan(previews);
    const runs = previews.filter(({ state }) => state !== "cached").map(({ task }) => task);
    await opened.tryModels(runs);
    return exitCodes.done;
  },
};
export default command;

/** A preview as plain data. */
function previewRecord({ task, state, resolved }: TaskPreview): Record<string, unknown> {
  return {
    task: task.id,
    stage: task.stage,
    uses: task.uses,
    state,
    ...(resolved ? { key: resolved.key } : {}),
  };
}

function printPlan(previews: readonly TaskPreview[]): void {
  const rows = previews.map(({ task, state, resolved }) =>
    [state, task.id, resolved?.key.slice(0, 12) ?? ""] as const
  );
  printLine(table(rows));
  const of = (state: string) => previews.filter((preview) => preview.state === state).length;
  printLine(
    `${count(previews.length, "task")}: ${of("cached")} cached, ${of("run")} to run, ` +
      `${of("depends")} that depend on what runs`,
  );
}
