/**
 * Trains the connector of a model directory. Encoder and language model are frozen: the encoder runs
 * once an image, the language model's gradient with respect to its image rows is taken in every step.
 *
 * @module
 */
import { join } from "@std/path";
import { copyTree } from "../models/copy_tree.ts";
import type { LanguageModelDirectory } from "../models/directory.ts";
import { layImage } from "../models/image_layout.ts";
import { prepareLoss } from "../models/prepare_loss.ts";
import { openTextEncoder } from "../models/instruction_text.ts";
import type { Model } from "../onnx/ir/model.ts";
import { tensorFromWeight, weightFromTensor } from "../onnx/ir/weight.ts";
import { pruneModel } from "../onnx/passes/prune.ts";
import { readRange } from "../runtime/weight_files.ts";
import { writeModel } from "../runtime/write_model.ts";
import { Random } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { alignmentGraph, answerEmbeddings } from "./align_connector.ts";
import { batchOrder, type PickedRow } from "./batches.ts";
import {
  cacheConnectorFeatures,
  type ConnectorFeatures,
  dropFeatures,
  type EncodingHost,
  gatherFeatures,
  sizesBehind,
} from "./connector_features.ts";
import type { Images } from "../vision/images.ts";
import { type TaskRow, textRows } from "./source.ts";
import { type SplitEncoder, splitEncoder } from "./split_encoder.ts";
import type { TrainingHost } from "./trainer.ts";
import { type TrainingSchedule, trainWeights } from "./weight_training.ts";

/** Images, and what is asked about them. */
export interface ConnectorLesson {
  readonly images: Images;
  readonly rows: readonly TaskRow[];
  /** Whether half of the images are mirrored. */
  readonly mirror: boolean;
}

/** How a connector is trained. */
export interface ConnectorOptions {
  readonly seed: number;
  /** What the names of its weights begin with. */
  readonly prefix: string;
  /** Share of the features that is left out in a step. */
  readonly dropout: number;
  /** Rows first learn the embeddings of the answers; 0 steps for none. */
  readonly alignment: TrainingSchedule & { readonly batch: number };
  /** Updates with the language-model loss, after those. */
  readonly language: TrainingSchedule & { readonly batch: number };
}

/** What the training of a connector needs of its surroundings. */
export interface ConnectorHost extends TrainingHost, EncodingHost {
  /** As `onStep`, while rows learn the embeddings of the answers. */
  readonly onAlign?: NonNullable<TrainingHost["onStep"]>;
}

type Weights = Readonly<Record<string, Tensor>>;

/** What both trainings work on. */
export interface ConnectorBench {
  readonly directory: LanguageModelDirectory;
  readonly split: SplitEncoder;
  readonly lesson: ConnectorLesson;
  readonly features: ConnectorFeatures;
  readonly options: ConnectorOptions;
  readonly host: ConnectorHost;
}

/**
 * Trains a connector.
 *
 * @returns The vision encoder with the new weights.
 * @throws {DiagnosticError} If the connector's weights cannot be identified, or the text cannot be laid out.
 */
export async function pretrainConnector(
  directory: LanguageModelDirectory,
  lesson: ConnectorLesson,
  options: ConnectorOptions,
  host: ConnectorHost = {},
): Promise<Model> {
  const vision = await directory.readPart("vision_encoder");
  const split = splitEncoder(vision, options.prefix);
  const features = await cacheConnectorFeatures(split.encoder, {
    images: lesson.images,
    count: lesson.rows.length,
    preprocessor: directory.preprocessor,
    mirror: lesson.mirror,
  }, host);
  const weights = await trainConnector({ directory, split, lesson, features, options, host });
  return withWeights(vision, weights);
}

/** Trains the weights on features that are there. */
async function trainConnector(bench: ConnectorBench): Promise<Weights> {
  const initial = Object.fromEntries(
    [...bench.split.weights].map(([name, weight]) => [name, tensorFromWeight(weight, readRange)]),
  );
  return await learnLanguage(bench, await align(bench, initial));
}

/** Batches of the lesson in the order of a seed. */
function orderOf(
  { lesson, options }: ConnectorBench,
  batch: number,
): (step: number) => PickedRow[] {
  return batchOrder({
    rows: lesson.rows.length,
    batch,
    seed: options.seed,
    augment: "flip-crop",
    mirrorKeepsAnswer: lesson.mirror,
  });
}

/** Features of a step's images, some of them left out. */
function featureReader({ features, options }: ConnectorBench) {
  return (picks: readonly PickedRow[], step: number) =>
    dropFeatures(
      gatherFeatures(features, picks),
      options.dropout,
      new Random(`${options.seed}/dropout/${step}`),
    );
}

/** Sizes of what the connector reads: features and weights. */
function dimsOf({ split }: ConnectorBench, batch: number): Record<string, readonly number[]> {
  return {
    ...Object.fromEntries(
      split.features.map((info) => [info.name, [batch, ...sizesBehind(info)]]),
    ),
    ...Object.fromEntries([...split.weights].map(([name, { dims }]) => [name, dims])),
  };
}

async function align(bench: ConnectorBench, weights: Weights): Promise<Weights> {
  const { directory, split, lesson, options, host } = bench;
  const { batch, ...schedule } = options.alignment;
  if (schedule.steps === 0) return weights;
  const text = await openTextEncoder(directory);
  const answers = lesson.rows.map(({ answer }) => answer);
  const embeddings = await answerEmbeddings(
    await directory.readPart("embed_tokens"),
    text,
    answers,
  );
  const width = [...embeddings.values()][0]!.length;
  const scale = meanSquare([...embeddings.values()]);
  const graph = alignmentGraph(split.connector, dimsOf(bench, batch), { batch, width, scale });
  const order = orderOf(bench, batch);
  const shown = featureReader(bench);
  // Short enough to run again where a training goes on from its checkpoint.
  const { checkpoint: _, ...short } = host;
  return await trainWeights({
    ...{ model: graph, loss: "loss", terms: {} },
    weights,
    schedule,
    batch: (step) => {
      const picks = order(step);
      const target = new Float32Array(batch * width);
      picks.forEach(({ row }, i) => target.set(embeddings.get(answers[row]!)!, i * width));
      return { ...shown(picks, step), target: tensor("float32", [batch, width], target) };
    },
  }, { ...short, onStep: (step, metrics) => host.onAlign?.(step, metrics) });
}

function meanSquare(rows: readonly Float32Array[]): number {
  const values = rows.flatMap((row) => [...row]);
  return values.reduce((sum, value) => sum + value * value, 0) / values.length;
}

async function learnLanguage(bench: ConnectorBench, weights: Weights): Promise<Weights> {
  const { directory, split, lesson, options, host } = bench;
  const { batch, ...schedule } = options.language;
  const behindEncoder: LanguageModelDirectory = {
    ...directory,
    readPart: (part) =>
      part === "vision_encoder" ? Promise.resolve(split.connector) : directory.readPart(part),
  };
  const { side } = lesson.images;
  const image = await layImage(directory, { height: side, width: side });
  const text = await openTextEncoder(directory, image);
  const loss = await prepareLoss(behindEncoder, text, textRows(text, lesson.rows), {
    batch,
    inputDims: dimsOf(bench, batch),
  });
  const order = orderOf(bench, batch);
  const shown = featureReader(bench);
  return await trainWeights({
    ...{ model: pruneModel(loss.model, ["loss"]), loss: "loss", terms: {} },
    weights,
    schedule,
    batch: (step) => {
      const picks = order(step);
      return { ...shown(picks, step), ...loss.feeds(picks.map(({ row }) => row)) };
    },
  }, host);
}

/** A model with other values of some weights. */
export function withWeights(model: Model, weights: Weights): Model {
  const changed = Object.entries(weights).map(([name, value]) =>
    [name, weightFromTensor(value)] as const
  );
  const initializers = new Map([...model.graph.initializers, ...changed]);
  return { ...model, graph: { ...model.graph, initializers } };
}

/** Writes a directory that differs from another one in its vision encoder. */
export async function writeWithVision(
  directory: LanguageModelDirectory,
  vision: Model,
  path: string,
): Promise<void> {
  await copyTree(directory.path, path);
  await writeModel(vision, join(path, "onnx", "vision_encoder.onnx"));
}
