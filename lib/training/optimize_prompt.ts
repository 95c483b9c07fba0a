/**
 * Trains a prompt on models and data: builds the graph and its inputs, then runs the trainer.
 *
 * @module
 */
import { asksHidden, type LossTerms, termThatAsksClip } from "../losses/loss_table.ts";
import { directoryOptions, type NamedModel, openModelDirectory } from "../models/directory.ts";
import {
  initialParameters,
  parameterPlaces,
  parameterRates,
} from "../prompts/prompt_parameters.ts";
import { imageSideOf } from "../prompts/prompt_table.ts";
import { type ParameterPlace, parameterTensors } from "../tensor/flat_parameters.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";
import type { Images } from "../vision/images.ts";
import { ReadAhead } from "../vision/read_ahead.ts";
import { batchOrder, type PickedRow, stepsPerEpoch } from "./batches.ts";
import { project } from "./bounds/bound_table.ts";
import { type ClipTeacher, openClipTeacher } from "./clip_teacher.ts";
import { type ComparedFeatures, openCompared } from "./compared_features.ts";
import { drawnFeeds } from "./drawn_feeds.ts";
import { optimizerRule } from "./optimizer.ts";
import { openPhotos } from "./photo_thread.ts";
import type { PhotoMaker } from "./photos.ts";
import { usualPrecision } from "./precision.ts";
import type { Precision } from "./precisions.ts";
import type { PromptSettings } from "./prompt_settings.ts";
import { rateBySteps } from "./schedule.ts";
import { searchOf } from "./searches/search_table.ts";
import { prepareSource, type Source, type TaskRow } from "./source.ts";
import { costLine, flopsOfRun, StepClock, type StepCost, waitLine } from "./step_cost.ts";
import { buildStepGraph, sourceFeeds, type StepGraph } from "./step_graph.ts";
import { memoryLine, stepMemory } from "./step_memory.ts";
import { train, type Training, type TrainingHost } from "./trainer.ts";
import { askedOf } from "./training_graph.ts";
import type { TrainingState } from "./training_state.ts";

/** What is trained on. */
export interface TrainingSet {
  readonly images: Images;
  readonly rows: readonly (TaskRow & { readonly caption?: string; readonly label?: number })[];
  readonly info: {
    readonly classes?: readonly string[];
    /** Caption of a row that has none of its own; `{class}` represents its class. */
    readonly caption?: string;
    /** Whether the answers hold in a mirror; without, no image is mirrored. Default true. */
    readonly mirrorKeepsAnswer?: boolean;
  };
}

/** A training of one prompt. */
export interface PromptTraining {
  readonly settings: PromptSettings;
  /** Paths of the directories of the source models. */
  readonly sources: readonly NamedModel[];
  /** The model that the loss asks, where it does. */
  readonly clip?: NamedModel | undefined;
  readonly data: TrainingSet;
  /** The user's own loss terms. */
  readonly ownTerms?: LossTerms;
  /** How models with float16 weights are computed; default what suits the device. */
  readonly precision?: Precision | undefined;
  /** In mixed precision, what gradients are multiplied by on their way. */
  readonly lossScale?: number | undefined;
}

/** The state after the last step. */
export interface TrainedPrompt extends TrainingState {
  /** What a step cost; that of clean features, computed once, is not in its operations. */
  readonly cost: StepCost;
}

interface Prepared {
  readonly sources: readonly Source[];
  readonly clip?: ClipTeacher;
  readonly graph: StepGraph;
  readonly places: readonly ParameterPlace[];
  /** Values of an untrained prompt. */
  readonly initial: Float32Array;
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

async function prepare(training: PromptTraining, host: TrainingHost): Promise<Prepared> {
  const { settings, data, ownTerms } = training;
  const { batch, canvas, kind, loss, optimizer, views, layerDrop } = settings;
  const options = { batch, canvas, gated: layerDrop > 0, hidden: asksHidden(loss, ownTerms) };
  const clip = await openClip(training, host);
  const sources = await Promise.all(training.sources.map(async (model) => {
    const directory = await openModelDirectory(model.path, directoryOptions(model));
    for (const warning of directory.warnings) host.log?.(`warning: ${warning}`);
    return await prepareSource(directory, data.rows, options);
  }));
  const { precision = await usualPrecision(host.provider ?? "cpu"), lossScale } = training;
  const graph = buildStepGraph({
    precision,
    ...(lossScale === undefined ? {} : { lossScale }),
    canvas,
    batch,
    sources: sources.map((source) => source.graph),
    ...(clip ? { clip: clip.graph } : {}),
    weights: loss,
    ...(ownTerms ? { ownTerms } : {}),
    prompt: settings,
    views,
    perSource: searchOf(settings.search).perSource,
    gradient: optimizerRule(optimizer).gradient === "autodiff" ? "autodiff" : "none",
  });
  return {
    sources,
    ...(clip ? { clip } : {}),
    graph,
    places: parameterPlaces(kind, settings),
    initial: initialParameters(kind, settings),
  };
}

/** What models take for a batch beside the image: texts, and captions where a term asks. */
function textFeeds({ sources, clip, graph }: Prepared, picks: readonly PickedRow[]) {
  const feeds = sources.map((source, i) => sourceFeeds(graph.sources[i]!, source.feeds(picks)));
  const captions = graph.captions === undefined ? {} : { [graph.captions]: clip!.captions(picks) };
  return Object.assign(captions, ...feeds) as Record<string, Tensor>;
}

/** Rows of the steps, in their order. */
function orderOf({ settings, data }: PromptTraining): (step: number) => PickedRow[] {
  const { batch, seed, augment } = settings;
  const { mirrorKeepsAnswer = true } = data.info;
  const { fit } = data.images;
  return batchOrder({ rows: data.rows.length, batch, seed, augment, mirrorKeepsAnswer, fit });
}

/** What makes the images of the steps. */
function photosOf({ settings, data }: PromptTraining): PhotoMaker {
  const { canvas, augment, kind } = settings;
  return openPhotos(data.images, { canvas, augment, image: imageSideOf(kind, settings) });
}

/** Batches of images at once: one that is computed with, and those made meanwhile. */
const batchesAtOnce = 3;

/** Everything but the prompt that the step graph takes for a copy of a step. */
function feedsOf(
  training: PromptTraining,
  { prepared, photoMaker, compared }: {
    readonly prepared: Prepared;
    readonly photoMaker: PhotoMaker;
    readonly compared: ComparedFeatures;
  },
) {
  const { graph, places, initial } = prepared;
  const { settings } = training;
  const untrained = parameterTensors(places, initial);
  const sources = prepared.sources.map(({ gates }, i) => ({ ...graph.sources[i]!, gates }));
  const batchOf = orderOf(training);
  const aheadOf = orderOf(training); // it keeps the shuffle of one epoch, and may be in the next
  const photos = new ReadAhead((step) => photoMaker.of(aheadOf(step)), {
    end: settings.steps,
    window: batchesAtOnce,
  });
  let photo: Tensor | undefined;
  const feeds = async (step: number, copy: number): Promise<Record<string, Tensor>> => {
    if (copy === 0 || photo === undefined) photo = await photos.get(step);
    const picks = batchOf(step);
    const drawn = drawnFeeds(settings, sources, { step, copy });
    const fed = { photo, ...textFeeds(prepared, picks), ...drawn };
    const seed = `compared ${settings.seed} ${step} ${copy}`;
    const features = await compared.of({ picks, known: { ...fed, ...untrained }, seed });
    return askedOf(graph.model.graph.inputs, { ...fed, ...features });
  };
  return { feeds, waitedMs: () => photos.waitedMs };
}

/** Operations of a step, from the sizes of its first batch: they do not depend on the machine. */
function flopsOfStep(training: PromptTraining, prepared: Prepared) {
  const { optimizer, spsa, batch, canvas, copies } = training.settings;
  const photo = zeros("float32", [batch, 3, canvas, canvas]);
  const feeds = { photo, ...textFeeds(prepared, orderOf(training)(0)) };
  const { flops, uncounted } = flopsOfRun(prepared.graph.model, feeds);
  const isEstimated = optimizerRule(optimizer).gradient === "spsa";
  const runs = isEstimated ? 2 * spsa.samples : gradientsOf(training);
  return { flops: flops * runs * copies, uncounted };
}

/** How often a step asks for a gradient. */
function gradientsOf({ settings: { search, around }, sources }: PromptTraining): number {
  return searchOf(search).gradients({ ...around, sources: sources.length });
}

/**
 * Trains a prompt. Interrupted, it saves its state and throws the signal's reason; started again
 * with the same settings, provider, runtime and threads it ends with the same bits.
 *
 * @throws {DiagnosticError} If a model is incomplete or cannot be differentiated.
 * @throws {RangeError} If the loss asks CLIP and none is given, or a gradient is not finite.
 */
export async function optimizePrompt(
  training: PromptTraining,
  host: TrainingHost = {},
): Promise<TrainedPrompt> {
  await using photoMaker = photosOf(training); // its thread starts while the graphs are made
  const prepared = await prepare(training, host);
  const { graph, places, initial } = prepared;
  const { views, layerDrop } = training.settings;
  const repeats = views.length === 0 && layerDrop === 0;
  await using compared = await openCompared(graph, { host, repeats });
  const { feeds, waitedMs } = feedsOf(training, { prepared, photoMaker, compared });
  const cost = flopsOfStep(training, prepared);
  host.log?.(memoryLine(stepMemory(graph.model), training.settings.batch));
  const clock = new StepClock(() => performance.now());
  const start = performance.now();
  const state = await train({
    ...{ graph, places, initial },
    ...courseOf(training),
    feeds: (step, copy) => {
      // What has passed since the last step, such as the saving of a checkpoint, belongs to none.
      if (copy === 0) clock.skip();
      return feeds(step, copy);
    },
  }, {
    ...host,
    onStep: (step, metrics) => {
      clock.tick();
      host.onStep?.(step, metrics);
    },
  });
  const spent = { ...cost, ms: clock.median(), resident: Deno.memoryUsage().rss };
  host.log?.(costLine(spent));
  host.log?.(waitLine(waitedMs(), performance.now() - start));
  return { ...state, cost: spent };
}

/** By which rule, how fast and how long a prompt is trained. */
function courseOf({ settings, data, sources }: PromptTraining) {
  const { kind, optimizer, schedule, lr, steps, batch, seed, spsa, transformRate } = settings;
  const perEpoch = stepsPerEpoch({ rows: data.rows.length, batch });
  const rates = parameterRates(kind, settings, transformRate);
  const { search, around, bound, copies } = settings;
  const end = 3 * settings.canvas ** 2;
  return {
    steps,
    rule: optimizerRule(optimizer),
    spsa: { ...spsa, seed },
    rates,
    copies,
    ...(search === "plain"
      ? {}
      : { search: { rule: searchOf(search), ...around, seed, sources: sources.length } }),
    project: (values) =>
      project({ delta: values.subarray(0, end), rates: rates.subarray(0, end) }, bound),
    lr: rateBySteps(schedule, { lr, steps, perEpoch }),
  } satisfies Partial<Training>;
}
