import { DiagnosticError } from "../../diagnostic/diagnostic.ts";
import { selectTargets } from "../../pipeline/plan.ts";
import { previewPlan } from "../../pipeline/preview.ts";
import { type Command, exitCodes, hasFlag, pipelineOptions } from "../command.ts";
import { openPipeline } from "../open_pipeline.ts";
import { formatDuration, printJson, printLine } from "../print.ts";

/** Prints artifacts. */
const command: Command = {
  name: "show",
  summary: "Prints a stage's artifacts and where they came from.",
  operands: "FILE STAGE[.OUTPUT]",
  minOperands: 2,
  maxOperands: 2,
  example: "deno task tvp show pipelines/quickstart.yaml report.json",
  options: {
    ...pipelineOptions,
    content: { type: "flag", help: "print the contents of text and JSON artifacts" },
  },
  async run(args) {
    await using opened = await openPipeline(args);
    const { target, output } = splitTarget(args.operands[1]!);
    const selected = selectTargets(opened.plan, [target]);
    if (!selected.ok) throw new DiagnosticError(selected.error);
    const previews = await previewPlan(opened.plan, { ...opened, selected: selected.value });
    for (const { task, hit } of previews) {
      if (task.stage !== target && task.id !== target) continue;
      if (!hit) {
        printLine(`${task.id}: not in the store, run it first`);
        continue;
      }
      if (output !== undefined && !hit.outputs[output]) {
        throw new DiagnosticError([noOutput(task.id, output, Object.keys(hit.outputs))]);
      }
      const { durationMs, storedAt, host, key } = hit.manifest;
      for (const [name, artifact] of Object.entries(hit.outputs)) {
        if (output !== undefined && name !== output) continue;
        const from = { task: task.id, output: name, ...artifact, key, durationMs, storedAt, host };
        if (hasFlag(args, "json")) printJson(from);
        else if (hasFlag(args, "content")) printLine(await Deno.readTextFile(artifact.path));
        else {
          const when = new Date(storedAt).toISOString().slice(0, 19).replace("T", " ");
          printLine(`${task.id}.${name}: ${artifact.type}, ${artifact.path}`);
          printLine(`  made ${when} in ${formatDuration(durationMs)}, key ${key.slice(0, 12)}`);
        }
      }
    }
    return exitCodes.done;
  },
};
export default command;

function splitTarget(text: string): { target: string; output?: string } {
  const [, target, output] = /^([^.[]+(?:\[.*\])?)(?:\.(.+))?$/.exec(text) ?? [];
  return { target: target ?? text, ...(output === undefined ? {} : { output }) };
}

function noOutput(task: string, output: string, known: readonly string[]) {
  return {
    code: "unknown-output",
    severity: "error" as const,
    message: `Cannot show "${output}" of ${task}: it has no such output`,
    notes: [`outputs: ${known.join(", ")}`],
  };
}
