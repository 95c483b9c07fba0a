/** Runs a pipeline with all that it needs, for the command line and for other programs. @module */
import { isSystemError } from "../cache/disk/system_error.ts";
import { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { RunEvent } from "../pipeline/contract/event.ts";
import { type Plan, selectTargets } from "../pipeline/plan/plan.ts";
import type { RunSummary } from "../pipeline/run/run.ts";
import { runTasks } from "../pipeline/run/run_plan.ts";
import { checkProvider, type Provider } from "./check_provider.ts";
import { chooseExecutor, type ExecutorName, type ExecutorOptions } from "./choose_executor.ts";
import { findPages } from "./find_pages.ts";
import { forceRule } from "./force_rule.ts";
import {
  type OpenedPipeline,
  type OpenOptions,
  openPipeline,
  type PipelineFile,
} from "./open_pipeline.ts";
import { projectRoot, stateFolder } from "./places.ts";
import { refuseUntrusted } from "./refuse_untrusted.ts";
import { fillRunFolder, RunLayout } from "./run_folder.ts";
import { newRunId } from "./run_ids.ts";
import { isRecorded, latestRun, recordRun, type RunRecord, runsFolder } from "./run_record.ts";
import { RunMark, unwritable } from "./running.ts";
import { secretValues } from "./secret_values.ts";
import type { TrustItem } from "./trust_items.ts";

/** Options of running a pipeline. */
export interface RunPipelineOptions extends ExecutorOptions {
  /** `STAGE` or `STAGE[cell]`: these tasks and those they need; by default all. */
  readonly targets?: readonly string[];
  /** As `forceRule` takes them. */
  readonly force?: readonly string[];
  readonly executor?: ExecutorName;
  readonly provider?: Provider;
  /** Whether the device is in the keys. */
  readonly strictProvider?: boolean;
  /** Whether to go on, after a failure, with tasks that do not need the failed one. */
  readonly keepGoing?: boolean;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
}

/** A finished run. */
export interface PipelineRun {
  readonly plan: Plan;
  readonly summary: RunSummary;
  /** Folder with the artifacts of the latest run. */
  readonly folder: string;
  /** Paths of the pages that the last stages wrote; none where the run could not be recorded. */
  readonly pages: readonly string[];
}

/**
 * Opens a pipeline file, runs what is not cached, and records the run in `.tvp/runs`, as
 * `tvp run` does. The file's own code runs only if it is trusted, or if `mayRun` allows it.
 *
 * @throws {DiagnosticError} With all mistakes of the file, and for code that is not trusted. That a
 * task fails is not an error: `summary.outcome` and the events say so.
 *
 * @example
 * ```ts
 * import { runPipeline } from "@tvp/pipeline/pipeline";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * const home = Deno.cwd();
 * Deno.chdir(folder); // results go to .tvp/ in the working directory
 * await Deno.writeTextFile("demo.yaml", "name: demo\nstages: { a: { uses: noop } }\n");
 * const { summary } = await runPipeline(
 *   { file: "demo.yaml" },
 *   { onEvent: (event) => console.log(event.type) },
 * );
 * assertEquals([summary.outcome, summary.ran], ["done", 1]);
 * Deno.chdir(home);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function runPipeline(
  file: PipelineFile,
  { mayRun, onWarning, ...run }: OpenOptions & RunPipelineOptions = {},
): Promise<PipelineRun> {
  const trusted = async (items: readonly TrustItem[]) => await refuseUntrusted(file, items);
  await using opened = await openPipeline(file, {
    mayRun: mayRun ?? trusted,
    ...(onWarning ? { onWarning } : {}),
  });
  return await runOpened(file, opened, run);
}

/**
 * Runs a pipeline that has been opened, and records the run.
 *
 * @throws {DiagnosticError} as `runPipeline` does.
 *
 * @example
 * ```ts
 * import { openPipeline, runOpened } from "@tvp/pipeline/pipeline";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * const home = Deno.cwd();
 * Deno.chdir(folder); // results go to .tvp/ in the working directory
 * await Deno.writeTextFile("demo.yaml", "name: demo\nstages: { a: { uses: noop } }\n");
 * {
 *   await using opened = await openPipeline({ file: "demo.yaml" });
 *   const { summary } = await runOpened({ file: "demo.yaml" }, opened, { jobs: 1 });
 *   assertEquals(summary.outcome, "done");
 * }
 * Deno.chdir(home);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function runOpened(
  { file, set = [] }: PipelineFile,
  opened: OpenedPipeline,
  options: RunPipelineOptions = {},
): Promise<PipelineRun> {
  const { plan, store, digests, resolver, cacheFolder, places } = opened;
  const { provider = "auto", signal, onEvent } = options;
  const selected = selectTargets(plan, options.targets ?? []);
  if (!selected.ok) throw new DiagnosticError(selected.error);
  const startedAt = Date.now();
  const { jobs, capacity, open } = chooseExecutor(options.executor ?? "local", options);
  const folder = runsFolder(stateFolder, plan.name);
  const shown = set.map((each) => secretValues().hide(each));
  const id = newRunId(startedAt);
  const run = { id, pipeline: plan.name, file, set: shown, startedAt };
  using mark = new RunMark(folder, run);
  await using executor = await open(cacheFolder);
  const summary = await runTasks(plan, {
    store,
    digests,
    resolver,
    executor,
    places,
    selected: selected.value,
    capacity,
    jobs,
    failureMode: options.keepGoing ? "continue" : "no-new",
    provider,
    outputCheck: new URL("lib/artifacts/check_outputs.ts", projectRoot).href,
    strictProvider: options.strictProvider ?? false,
    force: forceRule(plan, options.force ?? []),
    ...(signal ? { signal } : {}),
    hide: (text) => secretValues().hide(text),
    changedInputs: opened.changedInputs,
    prepare: async (left) => {
      mark.set();
      if (executor.name === "local") await checkProvider(provider);
      // With --keep-going a model that cannot be used is the failure of its own tasks.
      if (!options.keepGoing) await opened.tryModels(left);
    },
  }, onEvent);
  const layout = new RunLayout(plan.tasks);
  const latest = `${folder}/latest`;
  try {
    keepRecord(folder, { run, summary, layout });
  } catch (error) {
    if (!isSystemError(error)) throw error;
    // A failure that filled the disk is still the failure to report; where all was cached there is
    // nothing new to keep.
    if (summary.outcome === "done" && summary.ran > 0) throw unwritable(folder, error);
    onEvent?.({ type: "warning", diagnostic: unrecorded(error) });
    return { plan, summary, folder: latest, pages: [] };
  }
  return { plan, summary, folder: latest, pages: findPages(summary.outcomes, layout, latest) };
}

/** Records a run. If the latest came to the same, it only gets back what was deleted of its results. */
function keepRecord(folder: string, { run, summary, layout }: {
  readonly run: Pick<RunRecord, "id" | "pipeline" | "file" | "set" | "startedAt">;
  readonly summary: RunSummary;
  readonly layout: RunLayout;
}): void {
  const { outcome, outcomes, durationMs } = summary;
  // What ran again is shown again, even if its result has the digest it had.
  const isNew = outcomes.some(({ state }) => state === "ran");
  if (outcome !== "done" || isNew || !isRecorded(latestRun(folder), outcomes)) {
    recordRun(folder, { ...run, durationMs, outcome }, { outcomes, layout });
  } else fillRunFolder(`${folder}/latest`, layout, outcomes);
}

function unrecorded(error: Error): Diagnostic {
  return {
    code: "unrecorded",
    severity: "warning",
    message: `Cannot record the run: ${error.message}`,
    notes: ["tvp runs does not list it; the outputs of its tasks are in the store"],
  };
}
