import { DiagnosticError } from "../../diagnostic/diagnostic.ts";
import type { HostFacts } from "../../pipeline/contract/job.ts";
import type { Artifact } from "../../pipeline/contract/stage.ts";
import { type Command, exitCodes, hasFlag, pipelineOptions } from "../command.ts";
import { deviceOptions } from "../device.ts";
import { otherSettingsNote } from "../last_settings.ts";
import { loadLater } from "../../workspace/load_later.ts";
import { isNamed, openPreview } from "../../workspace/open_preview.ts";
import { stateFolder } from "../../workspace/places.ts";
import { latestRun, runsFolder } from "../../workspace/run_record.ts";
import { pipelineOf, previewOptions } from "../pipeline_arguments.ts";
import { formatDuration, printJson, printLine } from "../print.ts";

/** Prints artifacts. */
const command: Command = {
  name: "show",
  summary: "Sums up a stage's artifacts, and shows where they are and how they were made.",
  operands: "FILE STAGE[.OUTPUT]",
  minOperands: 2,
  maxOperands: 2,
  example: "deno task tvp show pipelines/quickstart.yaml report.json",
  failure: "not in the store",
  options: {
    ...pipelineOptions,
    ...deviceOptions,
    content: { type: "flag", help: "print the contents of text and JSON artifacts" },
  },
  async run(args) {
    const { target, output } = splitTarget(args.operands[1]!);
    let missing = 0;
    const file = pipelineOf(args);
    await using opened = await openPreview(file, await previewOptions(args, [target]));
    const last = latestRun(runsFolder(stateFolder, opened.plan.name));
    const note = otherSettingsNote(last, file.set ?? []);
    for (const { task, hit } of opened.previews.filter(({ task }) => isNamed(task, target))) {
      if (!hit) {
        missing++;
        if (hasFlag(args, "json")) printJson({ task: task.id, missing: true });
        else printLine(`${task.id}: not in the store${note === undefined ? ", run it first" : ""}`);
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
          const on = hostText(host);
          for (const line of await summaryOf(artifact)) printLine(`  ${line}`);
          printLine(
            `  made ${when} in ${formatDuration(durationMs)}${on}, key ${key.slice(0, 12)}`,
          );
        }
      }
    }
    if (missing > 0 && note !== undefined && !hasFlag(args, "json")) printLine(note);
    return missing > 0 ? exitCodes.failed : exitCodes.done;
  },
};
export default command;

type Summaries = typeof import("../../artifacts/artifact_summaries.ts");

/** What an artifact holds; nothing where its type has no summary, and why where it cannot be read. */
async function summaryOf({ type, path }: Artifact): Promise<readonly string[]> {
  const { artifactSummaries } = await loadLater<Summaries>(
    new URL("../../artifacts/artifact_summaries.ts", import.meta.url),
  );
  try {
    return await artifactSummaries[type]?.(path) ?? [];
  } catch (error) {
    if (!(error instanceof DiagnosticError || error instanceof SyntaxError)) throw error;
    return [error.message];
  }
}

/** ` on cuda, onnxruntime 1.30.0, 4 of 16 images at once` where models ran. */
function hostText({ provider, versions, plan }: HostFacts): string {
  const runtime = versions.onnxruntime === undefined ? "" : `, onnxruntime ${versions.onnxruntime}`;
  const planned = plan === undefined ? "" : `, ${plan}`;
  return provider === undefined ? "" : ` on ${provider}${runtime}${planned}`;
}

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
