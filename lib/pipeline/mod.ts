/**
 * Pipelines of stages with a content-addressed cache: parse a file, plan it, run it.
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
 * const { summary } = await runPipeline({ file: "demo.yaml" });
 * assertEquals(summary.outcome, "done");
 * Deno.chdir(home);
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @module
 */
export { contentDigests, type ContentDigestsOptions } from "../cache/digest/content_digests.ts";
export { localStore, type LocalStoreOptions } from "../cache/local/store.ts";
export {
  type Diagnostic,
  DiagnosticError,
  type Location,
  type Result,
} from "../diagnostic/diagnostic.ts";
export { renderDiagnostic, renderDiagnostics, type RenderOptions } from "../diagnostic/render.ts";
export { localExecutor, type LocalExecutorOptions } from "../executors/local.ts";
export type { RunEvent } from "./contract/event.ts";
export type { Executor, SubmitOptions } from "./contract/executor.ts";
export { planPipeline } from "./plan/expand.ts";
export { explainKey, type KeyDifference } from "./plan/explain.ts";
export type { HostFacts, Job, JobEvent, JobFailure, JobResult, Resources } from "./contract/job.ts";
export { pipelineJsonSchema } from "./read/json_schema.ts";
export type { Digest, Json, Key, KeyPreimage } from "./contract/key.ts";
export { type ParseOptions, parsePipeline, type PipelineSpec } from "./read/parse.ts";
export {
  type Plan,
  type PlanOptions,
  selectTargets,
  type StageLookup,
  type StageModule,
  type Task,
} from "./plan/plan.ts";
export { previewPlan, type TaskPreview } from "./plan/preview.ts";
export { keyOf, type ResolvedTask, type Source, type SourceResolver } from "./plan/resolve.ts";
export type { FailureMode, RunOptions, RunSummary, TaskOutcome } from "./run/run.ts";
export { runPlan, runTasks } from "./run/run_plan.ts";
export {
  artifact,
  dataset,
  defineStage,
  file,
  model,
  type Stage,
  type StageContext,
  type StageDefinition,
} from "./contract/stage.ts";
export { loadStages } from "./plan/stage_lookup.ts";
export type {
  ArtifactStore,
  ContentDigests,
  Manifest,
  NewEntry,
  StoreHit,
  Workspace,
} from "./contract/store.ts";
export {
  type OpenedPipeline,
  type OpenOptions,
  openPipeline,
  type PipelineFile,
} from "../workspace/open_pipeline.ts";
export {
  type PipelineRun,
  runOpened,
  runPipeline,
  type RunPipelineOptions,
} from "../workspace/run_pipeline.ts";
