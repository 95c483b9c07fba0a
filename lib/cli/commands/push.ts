import { format as formatBytes } from "@std/fmt/bytes";
import { RemoteFailure } from "../../cache/remote/retry.ts";
import { localStore } from "../../cache/local/store.ts";
import { pushAll, type PushOptions, type PushSummary } from "../../cache/remote/push_all.ts";
import { DiagnosticError, diagnosticError } from "../../diagnostic/diagnostic.ts";
import type { Key } from "../../pipeline/contract/key.ts";
import { selectTargets } from "../../pipeline/plan/plan.ts";
import { previewPlan } from "../../pipeline/plan/preview.ts";
import {
  type Command,
  type CommandArguments,
  exitCodes,
  hasFlag,
  pipelineOptions,
} from "../command.ts";
import { liveLine } from "../live_line.ts";
import { openPipeline } from "../../workspace/open_pipeline.ts";
import { openShared, requiredSigner, trustWarnings } from "../../workspace/open_store.ts";
import { giveUpAfterOpening } from "../permissions.ts";
import { cacheFolderOf, pipelineOf, requiredRemote } from "../pipeline_arguments.ts";
import { printDiagnostics } from "../print_diagnostics.ts";
import { count, printJson, printLine } from "../print.ts";

/** Sends results. */
const command: Command = {
  name: "push",
  summary: "Sends results to a remote cache: all of the store, or those of one pipeline.",
  operands: "[FILE]",
  minOperands: 0,
  maxOperands: 1,
  example: "deno task tvp push pipelines/quickstart.yaml --remote s3://bucket/tvp",
  failure: "something is not there",
  options: {
    ...pipelineOptions,
    target: { type: "text", value: "STAGE", repeat: true, help: "this stage and what it needs" },
  },
  async run(args) {
    const shared = await openShared(requiredRemote(args, "push"));
    await requiredSigner("push");
    const warnings = await trustWarnings(shared);
    if (warnings.length > 0) printDiagnostics(warnings);
    const keys = args.operands.length === 0 ? undefined : await keysOf(args);
    const root = cacheFolderOf(args);
    const summary = await push(root, { ...shared, root, ...(keys ? { keys } : {}) });
    if (hasFlag(args, "json")) printJson(summary);
    else printSummary(summary);
    return summary.missing > 0 ? exitCodes.failed : exitCodes.done;
  },
};
export default command;

async function push(root: string, options: PushOptions): Promise<PushSummary> {
  await using store = localStore(root);
  using line = liveLine();
  const onProgress = (done: number, total: number) => line.show(`${done} of ${total}`);
  try {
    return await pushAll(store, { ...options, onProgress });
  } catch (error) {
    if (!(error instanceof RemoteFailure)) throw error;
    const { message: cause, notes } = error;
    const message = `Cannot push to remote cache "${options.remote.url}": ${cause}`;
    throw diagnosticError("remote-failed", message, notes);
  }
}

/** What the tasks of a pipeline are stored under, and the saved states of those that are not. */
async function keysOf(args: CommandArguments): Promise<readonly Key[]> {
  await using opened = await openPipeline({ ...pipelineOf(args), remote: undefined }, {
    onOpen: giveUpAfterOpening,
  });
  const { plan, store } = opened;
  const selected = selectTargets(plan, args.options.get("target") ?? []);
  if (!selected.ok) throw new DiagnosticError(selected.error);
  const previews = await previewPlan(plan, { ...opened, selected: selected.value });
  const isHere = previews.map(async ({ state, resolved }) =>
    state === "cached" ||
    (resolved !== undefined && await store.checkpointOf(resolved.key) !== undefined)
  );
  const here = await Promise.all(isHere);
  return [...new Set(previews.flatMap(({ resolved }, i) => here[i] ? resolved!.key : []))];
}

function printSummary({ pushed, bytes, there, checkpoints, missing }: PushSummary): void {
  const states = checkpoints > 0 ? ` and ${count(checkpoints, "saved state")}` : "";
  const damaged = missing > 0 ? `, ${missing} damaged here: see tvp verify` : "";
  printLine(
    `Pushed ${count(pushed, "task")} of ${formatBytes(bytes)}${states}; ` +
      `${there} ${there === 1 ? "was" : "were"} already there${damaged}`,
  );
}
