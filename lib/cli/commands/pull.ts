import { format as formatBytes } from "@std/fmt/bytes";
import { manifestBytes, type StoredManifest } from "../../cache/local/store.ts";
import { type Diagnostic, DiagnosticError } from "../../diagnostic/diagnostic.ts";
import type { Key } from "../../pipeline/contract/key.ts";
import { selectTargets } from "../../pipeline/plan/plan.ts";
import { previewPlan, type TaskPreview } from "../../pipeline/plan/preview.ts";
import type { ArtifactStore } from "../../pipeline/contract/store.ts";
import { type Command, exitCodes, hasFlag, pipelineOptions } from "../command.ts";
import { liveLine } from "../live_line.ts";
import { openPipeline } from "../../workspace/open_pipeline.ts";
import { giveUpAfterOpening } from "../permissions.ts";
import { pipelineOf, requiredRemote } from "../pipeline_arguments.ts";
import { printDiagnostics } from "../print_diagnostics.ts";
import { count, printJson, printLine } from "../print.ts";

/** Fetches results. */
const command: Command = {
  name: "pull",
  summary: "Fetches the results of a pipeline from a remote cache. It runs nothing.",
  operands: "FILE",
  minOperands: 1,
  maxOperands: 1,
  example: "deno task tvp pull pipelines/quickstart.yaml --remote s3://bucket/tvp",
  failure: "something could not be fetched",
  options: {
    ...pipelineOptions,
    target: { type: "text", value: "STAGE", repeat: true, help: "this stage and what it needs" },
  },
  async run(args) {
    requiredRemote(args, "pull");
    const warnings: Diagnostic[] = [];
    await using opened = await openPipeline(pipelineOf(args), {
      onOpen: giveUpAfterOpening,
      onWarning: (one) => warnings.push(one),
    });
    const selected = selectTargets(opened.plan, args.options.get("target") ?? []);
    if (!selected.ok) throw new DiagnosticError(selected.error);
    const pulled = await pull(
      opened.store,
      (store) => previewPlan(opened.plan, { ...opened, store, selected: selected.value }),
    );
    if (warnings.length > 0) printDiagnostics(warnings);
    if (hasFlag(args, "json")) printJson(pulled);
    else printSummary(pulled);
    return warnings.length > 0 ? exitCodes.failed : exitCodes.done;
  },
};
export default command;

interface Pulled {
  readonly tasks: number;
  /** Tasks that are here now. */
  readonly here: number;
  /** Bytes of their outputs. */
  readonly bytes: number;
  /** Saved states of tasks that are not done. */
  readonly checkpoints: number;
}

async function pull(
  store: ArtifactStore,
  preview: (store: Pick<ArtifactStore, "get">) => Promise<readonly TaskPreview[]>,
): Promise<Pulled> {
  using line = liveLine();
  let looked = 0;
  const get = async (key: Key) => {
    const hit = await store.get(key);
    line.show(`${++looked} tasks looked up`);
    return hit;
  };
  const previews = await preview({ get });
  const hits = previews.flatMap(({ hit }) => hit ?? []);
  const bytes = manifestBytes(hits.map(({ manifest }) => manifest as StoredManifest));
  let checkpoints = 0;
  for (const { state, resolved } of previews) {
    if (state !== "run" || resolved === undefined) continue;
    // A task that begins brings its saved state along.
    await using _workspace = await store.workspace(resolved.key);
    if (await store.checkpointOf(resolved.key) !== undefined) checkpoints += 1;
  }
  return { tasks: previews.length, here: hits.length, bytes, checkpoints };
}

function printSummary({ tasks, here, bytes, checkpoints }: Pulled): void {
  const states = checkpoints > 0 ? `, and ${count(checkpoints, "saved state")}` : "";
  printLine(`${here} of ${count(tasks, "task")} are here, ${formatBytes(bytes)}${states}`);
}
