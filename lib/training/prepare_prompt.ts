/** Prepares a prompt's training: opens models and builds the step graph. @module */
import { asksHidden, termThatAsksClip, weightedTerms } from "../losses/loss_table.ts";
import { directoryOptions, openModelDirectory } from "../models/directory.ts";
import { initialParameters, parameterPlaces } from "../prompts/prompt_parameters.ts";
import type { ParameterPlace } from "../tensor/flat_parameters.ts";
import { type ClipTeacher, openClipTeacher } from "./clip_teacher.ts";
import type { MemoryPlan } from "./memory_plan.ts";
import type { PromptTraining, TrainingSet } from "./prompt_training.ts";
import { optimizerRule } from "./optimizer.ts";
import { usualPrecision } from "./precision.ts";
import { searchOf } from "./searches/search_table.ts";
import { prepareSource, type Source } from "./source.ts";
import { buildStepGraph, type StepGraph } from "./step_graph.ts";
import type { TrainingHost } from "./trainer.ts";
import type { View } from "./views/view.ts";
import { views as viewTable } from "./views/view_table.ts";

/** A training that is ready to begin. */
export interface PreparedPrompt {
  readonly sources: readonly Source[];
  readonly clip?: ClipTeacher;
  /** Of a part of the batch, where the plan computes it in parts. */
  readonly graph: StepGraph;
  readonly plan: MemoryPlan;
  readonly places: readonly ParameterPlace[];
  /** Values of an untrained prompt. */
  readonly initial: Float32Array;
}

/** Whether a batch may be computed in parts: nothing in the loss looks across its images. */
export function dividesBatch({ settings, ownTerms }: PromptTraining): boolean {
  const { views, loss } = settings;
  const mixes = views.some((name) => (viewTable[name] as View).mixesBatch);
  return !mixes && !weightedTerms(loss, ownTerms).some(([, { wholeBatch }]) => wholeBatch);
}

/**
 * Opens the models and builds the graph of a plan.
 *
 * @throws {DiagnosticError} If a model is incomplete or cannot be differentiated.
 * @throws {RangeError} If the loss asks CLIP and none is given.
 */
export async function preparePrompt(
  training: PromptTraining,
  plan: MemoryPlan,
  host: TrainingHost,
): Promise<PreparedPrompt> {
  const { settings, data, ownTerms } = training;
  const { canvas, kind, loss, optimizer, views, layerDrop } = settings;
  const { microBatch: batch, recompute } = plan;
  const options = { batch, canvas, gated: layerDrop > 0, hidden: asksHidden(loss, ownTerms) };
  const clip = await openClip(training, host);
  const sources = await Promise.all(training.sources.map(async (model) => {
    const directory = await openModelDirectory(model.path, directoryOptions(model));
    for (const warning of directory.warnings) host.log?.(`warning: ${warning}`);
    return await prepareSource(directory, data.rows, options);
  }));
  const { precision = await usualPrecision(host.provider ?? "cpu"), lossScale } = training;
  const graph = buildStepGraph({
    ...{ canvas, batch, precision, recompute, views },
    ...(lossScale === undefined ? {} : { lossScale }),
    isPart: batch < settings.batch,
    sources: sources.map((source) => source.graph),
    ...(clip ? { clip: clip.graph } : {}),
    weights: loss,
    ...(ownTerms ? { ownTerms } : {}),
    prompt: settings,
    perSource: searchOf(settings.search).perSource,
    gradient: optimizerRule(optimizer).gradient === "autodiff" ? "autodiff" : "none",
  });
  return {
    sources,
    ...(clip ? { clip } : {}),
    ...{ graph, plan },
    places: parameterPlaces(kind, settings),
    initial: initialParameters(kind, settings),
  };
}

/** The caption of arXiv 2404.11207, section 3.3. */
const CAPTION = "this is a photo of a {class}";

function captionsOf({ rows, info }: TrainingSet): string[] {
  return rows.map((row) =>
    row.caption ?? (info.caption ?? CAPTION).replace(
      "{class}",
      row.label === undefined ? "" : info.classes?.[row.label] ?? "",
    )
  );
}

async function openClip(
  { settings, clip, data, ownTerms }: PromptTraining,
  host: TrainingHost,
): Promise<ClipTeacher | undefined> {
  const asking = termThatAsksClip(settings.loss, ownTerms);
  if (asking === undefined) return undefined;
  if (clip === undefined) {
    throw new RangeError(
      `Cannot train with the loss term ${asking}: it needs a CLIP, and no clip model is given (with: { clip: zoo/mini-clip })`,
    );
  }
  const { canvas } = settings;
  const { provider = "cpu", threads = 1 } = host;
  return await openClipTeacher(clip, captionsOf(data), { provider, threads, canvas });
}
