/** From models and data to a trained prompt: graphs, sessions, checkpoints, the loop. @module */
import { type LossTerms, type LossWeights, termThatAsksClip } from "../losses/loss_table.ts";
import { openModelDirectory } from "../models/directory.ts";
import { encodeModel } from "../onnx/codec/encode.ts";
import type { Canvas } from "../prompts/prompt_kind.ts";
import {
  initialParameters,
  type ParameterPlace,
  parameterPlaces,
  parameterRates,
  parameterTensors,
} from "../prompts/prompt_parameters.ts";
import { type AnyPromptKind, pictureSideOf } from "../prompts/prompt_table.ts";
import {
  openSession,
  runtimeVersion,
  type Session,
  type SessionOptions,
} from "../runtime/session.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";
import type { Pictures } from "../vision/pictures.ts";
import { ReadAhead } from "../vision/read_ahead.ts";
import { batchOrder, type PickedRow } from "./batches.ts";
import type { AugmentName } from "./augment.ts";
import { CleanFeatures } from "./clean_features.ts";
import { type ClipTeacher, openClipTeacher } from "./clip_teacher.ts";
import { type OptimizerName, optimizerRule } from "./optimizer.ts";
import { type PhotoOptions, photosOf } from "./photos.ts";
import { decodeState, encodeState, type ExpectedState, type PromptState } from "./prompt_state.ts";
import { TrainingStateError } from "./saved_state.ts";
import type { ScheduleName } from "./schedule.ts";
import { prepareSource, type Source, type TaskRow } from "./source.ts";
import type { SpsaOptions } from "./spsa.ts";
import { costLine, flopsOfRun, StepClock, type StepCost, waitLine } from "./step_cost.ts";
import { buildStepGraph, sourceName, type StepGraph } from "./step_graph.ts";
import { trainPrompt } from "./train_prompt.ts";

/** What is trained on. */
export interface TrainingSet {
  readonly pictures: Pictures;
  readonly rows: readonly TaskRow[];
  /** One a row; needed where the loss asks CLIP. */
  readonly captions: readonly string[];
}

/** A training of one prompt. */
export interface PromptTraining extends Canvas {
  /** Paths of the directories of the source models. */
  readonly sources: readonly { readonly name: string; readonly path: string }[];
  readonly clip?: string;
  readonly data: TrainingSet;
  readonly weights: LossWeights;
  /** Loss terms of one's own. */
  readonly ownTerms?: LossTerms;
  readonly kind: AnyPromptKind;
  readonly optimizer: OptimizerName;
  readonly schedule: ScheduleName;
  readonly lr: number;
  readonly steps: number;
  readonly batch: number;
  readonly seed: number;
  readonly augment: AugmentName;
  /** Whether the answers hold in a mirror; without, no picture is mirrored. Default true. */
  readonly mirrorKeepsAnswer?: boolean;
  /** How update rules without gradients estimate them. */
  readonly spsa: SpsaOptions;
  /** Learning rate of the transformation, as a share of δ's. */
  readonly transformRate: number;
}

/** What the training may use of its surroundings. */
export interface TrainingHost {
  readonly provider: "auto" | "cpu" | "cuda" | "webgpu";
  readonly threads: number;
  /** Called with what each session runs on. */
  readonly onOpen?: NonNullable<SessionOptions["onOpen"]>;
  loadCheckpoint(): Promise<Uint8Array | undefined>;
  checkpointDue(): boolean;
  saveCheckpoint(state: Uint8Array): Promise<void>;
  progress(step: number, loss: number): void;
  log(line: string): void;
  /** Called at the end with what a step cost. */
  onCost?(cost: StepCost): void;
  readonly signal: AbortSignal;
}

/** The state after the last step. */
export interface TrainedPrompt extends PromptState {
  /** Floating-point operations of a step; that of clean features, computed once, is not in it. */
  readonly flopsPerStep: number;
}

interface Prepared {
  readonly sources: readonly Source[];
  readonly clip?: ClipTeacher;
  readonly graph: StepGraph;
  readonly places: readonly ParameterPlace[];
  /** Values of an untrained prompt. */
  readonly initial: Float32Array;
}

async function prepare(training: PromptTraining, host: TrainingHost): Promise<Prepared> {
  const { data, batch, canvas, weights, ownTerms } = training;
  const sources = await Promise.all(training.sources.map(async ({ name, path }) => {
    const directory = await openModelDirectory(path, { name });
    return await prepareSource(directory, data.rows, { batch, canvas });
  }));
  const clip = termThatAsksClip(weights, ownTerms) !== undefined && training.clip !== undefined
    ? await openClipTeacher(training.clip, data.captions, { ...host, canvas })
    : undefined;
  const graph = buildStepGraph({
    canvas,
    sources: sources.map((source) => source.graph),
    ...(clip ? { clip: clip.graph } : {}),
    weights,
    ...(ownTerms ? { ownTerms } : {}),
    prompt: training,
    gradient: optimizerRule(training.optimizer).gradient === "autodiff" ? "autodiff" : "none",
  });
  return {
    sources,
    ...(clip ? { clip } : {}),
    graph,
    places: parameterPlaces(training.kind, training),
    initial: initialParameters(training.kind, training),
  };
}

/** Everything but the prompt that the step graph takes for a batch. */
function feedsOf(training: PromptTraining, prepared: Prepared, clean: CleanFeatures | undefined) {
  const { canvas, augment } = training;
  const options = { canvas, augment, picture: pictureSideOf(training.kind, training) };
  const untrained = parameterTensors(prepared.places, prepared.initial);
  const photos = photosAhead(training, options);
  const feeds = async (step: number, picks: readonly PickedRow[]) => {
    const photo = await photos.get(step);
    const feeds: Record<string, Tensor> = { photo };
    prepared.sources.forEach((source, i) => {
      for (const [name, value] of Object.entries(source.feeds(picks))) {
        feeds[`${sourceName(i)}.${name}`] = value;
      }
    });
    for (
      const [name, value] of Object.entries(
        await clean?.of(picks, { ...feeds, ...untrained }) ?? {},
      )
    ) {
      feeds[name.replace("image_features", "clean_features")] = value;
    }
    if (prepared.graph.needsCaptions) feeds.caption_embeds = prepared.clip!.captions(picks);
    return onlyInputs(prepared.graph, feeds);
  };
  return { feeds, waitedMs: () => photos.waitedMs };
}

/** The pictures of the steps: those of the next are made while a step is computed. */
function photosAhead(
  training: PromptTraining,
  options: PhotoOptions,
): ReadAhead<Tensor<"float32">> {
  const { data, steps } = training;
  const batchOf = batchOrder({ ...training, rows: data.rows.length });
  return new ReadAhead((step) => photosOf(data.pictures, batchOf(step), options), {
    end: steps,
    window: 2,
  });
}

/** A loss without `lm` takes no tokens: what the graph does not ask for is not fed. */
function onlyInputs(graph: StepGraph, feeds: Record<string, Tensor>): Record<string, Tensor> {
  const names = graph.training.graph.inputs.map((input) => input.name);
  return Object.fromEntries(
    names.filter((name) => name in feeds).map((name) => [name, feeds[name]!]),
  );
}

/** Operations of a step, from the sizes of its first batch: they do not depend on the machine. */
function flopsOfStep(training: PromptTraining, prepared: Prepared) {
  const { data, batch, canvas, optimizer, spsa } = training;
  const picks = batchOrder({ ...training, rows: data.rows.length })(0);
  const feeds: Record<string, Tensor> = {
    photo: zeros("float32", [batch, 3, canvas, canvas]),
    ...(prepared.graph.needsCaptions ? { caption_embeds: prepared.clip!.captions(picks) } : {}),
  };
  prepared.sources.forEach((source, i) => {
    for (const [name, value] of Object.entries(source.feeds(picks))) {
      feeds[`${sourceName(i)}.${name}`] = value;
    }
  });
  const { flops, uncounted } = flopsOfRun(prepared.graph.training, feeds);
  const runs = optimizerRule(optimizer).gradient === "spsa" ? 2 * spsa.samples : 1;
  return { flops: flops * runs, uncounted };
}

/** What a checkpoint may be continued with: another graph or runtime could end in other bits. */
async function fingerprintOf(graph: StepGraph, session: Session, threads: number): Promise<string> {
  const bytes = encodeModel(graph.training);
  const digest = await crypto.subtle.digest("SHA-256", bytes as BufferSource);
  const version = await runtimeVersion();
  return `graph ${
    new Uint8Array(digest).toHex()
  }, ${session.provider}, onnxruntime ${version}, ${threads} threads`;
}

/** The saved state, if there is one to go on from; what speaks against it is logged. */
async function resume(
  host: TrainingHost,
  fingerprint: string,
  expected: ExpectedState,
): Promise<PromptState | undefined> {
  const saved = await host.loadCheckpoint();
  if (!saved) return undefined;
  try {
    const state = decodeState(saved, fingerprint, expected);
    host.log(
      state
        ? `continues after step ${state.optimizer.step}`
        : `starts again: the checkpoint was not made with ${fingerprint}`,
    );
    return state;
  } catch (error) {
    if (!(error instanceof TrainingStateError)) throw error;
    host.log(`starts again: ${error.message}`);
    return undefined;
  }
}

/**
 * Trains a prompt. Interrupted, it saves its state and throws the signal's reason; started again
 * with the same settings, provider, runtime and threads it ends with the same bits.
 *
 * @throws {DiagnosticError} If a model is incomplete or cannot be differentiated.
 */
export async function optimizePrompt(
  training: PromptTraining,
  host: TrainingHost,
): Promise<TrainedPrompt> {
  const prepared = await prepare(training, host);
  const { provider, threads, log, onOpen } = host;
  const options = { provider, threads, log, ...(onOpen ? { onOpen } : {}) };
  await using session = await openSession(prepared.graph.training, options);
  await using features = prepared.graph.needsCleanFeatures
    ? await openSession(prepared.graph.features, options)
    : undefined;
  const fingerprint = await fingerprintOf(prepared.graph, session, host.threads);
  const state = await resume(host, fingerprint, {
    values: prepared.initial.length,
    moments: optimizerRule(training.optimizer).moments,
  });
  const cost = flopsOfStep(training, prepared);
  const clock = new StepClock(() => performance.now());
  const { feeds, waitedMs } = feedsOf(training, prepared, features && new CleanFeatures(features));
  const start = performance.now();
  const trained = await trainPrompt({
    ...training,
    session,
    places: prepared.places,
    initial: prepared.initial,
    rates: parameterRates(training.kind, training, training.transformRate),
    rows: training.data.rows.length,
    feeds,
    ...(state ? { state } : {}),
    afterStep: async (current) => {
      clock.tick();
      host.progress(current.optimizer.step, current.curve.at(-1)!.loss);
      if (host.checkpointDue()) await host.saveCheckpoint(encodeState(current, fingerprint));
      host.signal.throwIfAborted();
      clock.skip();
    },
  });
  const spent = { ...cost, ms: clock.median(), resident: Deno.memoryUsage().rss };
  host.log(costLine(spent));
  host.log(waitLine(waitedMs(), performance.now() - start));
  host.onCost?.(spent);
  return { ...trained, flopsPerStep: cost.flops };
}
