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
export { contentDigests, type ContentDigestsOptions } from "../cache/content_digests.ts";
export { localStore, type LocalStoreOptions } from "../cache/store.ts";
export {
  type Diagnostic,
  DiagnosticError,
  type Location,
  type Result,
} from "../diagnostic/diagnostic.ts";
export { renderDiagnostic, renderDiagnostics, type RenderOptions } from "../diagnostic/render.ts";
export { localExecutor, type LocalExecutorOptions } from "../executors/local.ts";
export type { RunEvent } from "./event.ts";
export type { Executor, SubmitOptions } from "./executor.ts";
export { planPipeline } from "./expand.ts";
export { explainKey, type KeyDifference } from "./explain.ts";
export type { HostFacts, Job, JobEvent, JobFailure, JobResult, Resources } from "./job.ts";
export { pipelineJsonSchema } from "./json_schema.ts";
export type { Digest, Json, Key, KeyPreimage } from "./key.ts";
export { type ParseOptions, parsePipeline, type PipelineSpec } from "./parse.ts";
export {
  type Plan,
  type PlanOptions,
  selectTargets,
  type StageLookup,
  type StageModule,
  type Task,
} from "./plan.ts";
export { previewPlan, type TaskPreview } from "./preview.ts";
export { keyOf, type ResolvedTask, type Source, type SourceResolver } from "./resolve.ts";
export type { FailureMode, RunOptions, RunSummary, TaskOutcome } from "./run.ts";
export { runPlan, runTasks } from "./schedule.ts";
export {
  artifact,
  dataset,
  defineStage,
  file,
  model,
  type Stage,
  type StageContext,
  type StageDefinition,
} from "./stage.ts";
export { loadStages } from "./stage_lookup.ts";
export type {
  ArtifactStore,
  ContentDigests,
  Manifest,
  NewEntry,
  StoreHit,
  Workspace,
} from "./store.ts";
