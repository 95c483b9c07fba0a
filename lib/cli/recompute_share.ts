/** Computes a share of a signed report's tasks again, as the arguments say. @module */
import { drawShare, type Share } from "../attestation/draw.ts";
import { recompute, type Recomputed } from "../attestation/recompute.ts";
import { removeQuietly, temporaryName } from "../cache/disk/replace_file.ts";
import { checkProvider } from "../workspace/check_provider.ts";
import { chooseExecutor } from "../workspace/choose_executor.ts";
import type { OpenedPipeline } from "../workspace/open_pipeline.ts";
import { projectRoot, stateFolder } from "../workspace/places.ts";
import { secretValues } from "../workspace/secret_values.ts";
import type { ClaimedTasks } from "./check_report.ts";
import { type CommandArguments, hasFlag, numberOption } from "./command.ts";
import { chooseProvider } from "./device.ts";
import { interruptSignal } from "./interrupt.ts";
import { liveLine } from "./live_line.ts";

/** Which tasks, and of what. */
export interface ShareOptions {
  readonly share: Share;
  readonly seed: number;
  readonly tolerance: number;
  readonly claimed: ClaimedTasks;
  readonly opened: OpenedPipeline;
}

/** The tasks that are drawn, computed again in a store that is removed afterwards. */
export async function recomputeShare(
  args: CommandArguments,
  { share, seed, tolerance, claimed, opened }: ShareOptions,
): Promise<Recomputed> {
  const { plan, store, digests, resolver, places } = opened;
  const { tasks, signed, report } = claimed;
  const folder = `${stateFolder}/verify-${temporaryName()}`;
  const provider = await chooseProvider(args);
  const { jobs, capacity, open } = chooseExecutor("local", { jobs: numberOption(args, "jobs") });
  const keyProvider = signed.get(plan.tasks[report]!.id)!.preimage.provider;
  try {
    Deno.mkdirSync(folder, { recursive: true });
    await using executor = await open(folder);
    using interrupt = interruptSignal(() => !hasFlag(args, "json"));
    using line = liveLine();
    return await recompute(drawShare(tasks.length, share, seed).map((i) => tasks[i]!.index), {
      plan,
      signed: new Map(tasks.map(({ id, index }) => [index, signed.get(id)!])),
      inputs: store,
      folder,
      report,
      tolerance,
      digests,
      resolver,
      places,
      executor,
      jobs,
      capacity,
      provider: (keyProvider ?? provider) as typeof provider,
      strictProvider: keyProvider !== undefined,
      outputCheck: new URL("lib/artifacts/check_outputs.ts", projectRoot).href,
      signal: interrupt.signal,
      hide: (text) => secretValues().hide(text),
      prepare: () => checkProvider(provider),
      onProgress: (done, all) => line.show(`${done} of ${all} tasks computed again`),
    });
  } finally {
    removeQuietly(folder);
  }
}
