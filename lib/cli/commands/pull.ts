import { type Diagnostic, DiagnosticError } from "../../diagnostic/diagnostic.ts";
import { selectTargets } from "../../pipeline/plan.ts";
import { previewPlan } from "../../pipeline/preview.ts";
import { type Command, exitCodes, hasFlag, pipelineOptions, textOption } from "../command.ts";
import { openPipeline } from "../open_pipeline.ts";
import { printDiagnostics } from "../print_diagnostics.ts";
import { count, printJson, printLine } from "../print.ts";

/** Fetches results. */
const command: Command = {
  name: "pull",
  summary: "Fetches from a remote cache what a pipeline needs, and runs nothing.",
  operands: "FILE",
  minOperands: 1,
  maxOperands: 1,
  example: "deno task tvp pull pipelines/quickstart.yaml --remote https://cache.example.org/tvp",
  options: {
    ...pipelineOptions,
    target: { type: "text", value: "STAGE", repeat: true, help: "this stage and what it needs" },
  },
  async run(args) {
    if (textOption(args, "remote") === undefined) {
      const message = "Cannot pull: expected --remote URL";
      throw new DiagnosticError([{ code: "usage", severity: "error", message }]);
    }
    const onWarning = (warning: Diagnostic) => printDiagnostics([warning]);
    await using opened = await openPipeline(args, { onWarning });
    const selected = selectTargets(opened.plan, args.options.get("target") ?? []);
    if (!selected.ok) throw new DiagnosticError(selected.error);
    const previews = await previewPlan(opened.plan, { ...opened, selected: selected.value });
    const here = previews.filter(({ state }) => state === "cached").length;
    if (hasFlag(args, "json")) printJson({ tasks: previews.length, here });
    else printLine(`${here} of ${count(previews.length, "task")} are here`);
    return exitCodes.done;
  },
};
export default command;
