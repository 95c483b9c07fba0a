/**
 * Pipelines of stages with a content-addressed cache: parse a file, plan it, run it.
 *
 * @example
 * ```ts ignore
 * const parsed = await parsePipeline(text, { path: "demo.yaml" });
 * if (!parsed.ok) throw new DiagnosticError(parsed.error);
 * const planned = await planPipeline(parsed.value, await loadStages(parsed.value, [folder]));
 * if (!planned.ok) throw new DiagnosticError(planned.error);
 * await using store = localStore(".tvp/cache");
 * await using executor = localExecutor();
 * await using digests = contentDigests();
 * const options = { store, executor, digests, resolver };
 * for await (const event of runPlan(planned.value, options)) console.log(event.type);
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
export { runPlan, runTasks } from "./run/schedule.ts";
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
