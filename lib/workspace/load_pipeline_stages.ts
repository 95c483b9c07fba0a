/**
 * Loads the stage types of a pipeline: the project's own in this process, all others in another.
 *
 * @module
 */
import { loadLater } from "./load_later.ts";
import type { StageLookup } from "../pipeline/plan/plan.ts";
import type { PipelineSpec } from "../pipeline/read/parse.ts";
import { isProjectCode } from "../pipeline/contract/project_code.ts";
import { loadHere, loadStages, StageMistake } from "../pipeline/plan/stage_lookup.ts";
import type { contentDigests } from "../cache/digest/content_digests.ts";
import type { StageHost } from "../executors/stage_host.ts";
import type { CodePlaces } from "./trust_items.ts";

/** Stage types to plan with, and the processes that know them. */
export interface PipelineStages extends AsyncDisposable {
  readonly lookup: StageLookup;
}

/** Digests that know which modules a module imports. */
type ContentsAndModules = ReturnType<typeof contentDigests>;

/** How code of others is treated. */
interface StageOptions {
  /** Whether all of it may run. */
  readonly mayRun: boolean;
  /** Folder of what it said before. */
  readonly memo: string;
}

/** Loads them; what cannot be loaded is a mistake of the pipeline, reported when it is planned. */
export async function loadPipelineStages(
  spec: PipelineSpec,
  { stageFolders, digests }: CodePlaces & { readonly digests: ContentsAndModules },
  { mayRun, memo }: StageOptions,
): Promise<PipelineStages> {
  await using open = new AsyncDisposableStack();
  const hostOf = async () => open.use(await openHost(digests, { mayRun, memo }));
  let host: ReturnType<typeof hostOf> | undefined;
  const lookup = await loadStages(
    spec,
    stageFolders,
    async (url) => isProjectCode(url.href) ? loadHere(url) : (await (host ??= hostOf())).load(url),
  );
  const kept = open.move();
  return { lookup, [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose]() };
}

/** What a stage type of the user's declares, heard without trusting it; undefined where it cannot be. */
export async function declaredPermissions(
  url: URL,
  { digests, memo }: { readonly digests: ContentsAndModules; readonly memo: string },
): Promise<readonly string[] | undefined> {
  await using host = await openHost(digests, { mayRun: false, memo });
  try {
    return (await host.load(url)).stage.permissions ?? [];
  } catch (error) {
    if (!(error instanceof StageMistake)) throw error;
    return undefined;
  }
}

async function openHost(
  { code, modules }: ContentsAndModules,
  { mayRun, memo }: StageOptions,
): Promise<StageHost> {
  const { StageHost } = await loadLater<typeof import("../executors/stage_host.ts")>(
    new URL("../executors/stage_host.ts", import.meta.url),
  );
  const trusted = (await import("./trusted.ts")).readTrusted();
  return new StageHost({
    digestOf: code,
    modulesOf: modules,
    isTrusted: (digest) => mayRun || trusted.has(digest),
    memo,
  });
}
