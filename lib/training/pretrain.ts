/**
 * Pretraining of the zoo's three kinds of networks: from a world of images to the files of a
 * model directory.
 *
 * @module
 */
import {
  clipFiles,
  type DirectoryFiles,
  encoderFiles,
  multimodalFiles,
  type NetworkPlan,
  planClip,
  planMultimodal,
} from "../zoo/directory_files.ts";
import { storedWeights } from "../zoo/module.ts";
import { imageRows, type MultimodalSizes } from "../zoo/multimodal.ts";
import {
  type EncoderSizes,
  isTransformer,
  tokenCount,
  tokenLayout,
  visionEncoder,
} from "../zoo/vision_encoder.ts";
import {
  type EncoderName,
  zooArchitectures,
  type ZooEncoder,
  zooEncoders,
  type ZooName,
} from "../zoo/zoo_table.ts";
import type { Json } from "../models/families/family.ts";
import { familyOf } from "../models/families/family_table.ts";
import { type InstructionEncoder, openTextEncoder } from "../models/instruction_text.ts";
import { openTokenizer } from "../models/tokenize.ts";
import { openSession } from "../runtime/session.ts";
import { Random } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { type PretrainedEncoder, readEncoder } from "./encoder_directory.ts";
import { captionTensors, conceptCaptions, kindCaptions, memoisedEncoder } from "./captions.ts";
import { exchangeFeeds, multimodalLossGraph, type TokenizedExchange } from "./pretrain_language.ts";
import {
  classifierFeeds,
  clipStatistics,
  type DrawnImages,
  dropPatches,
  type ImageFact,
  type ImagePlace,
  imagesAt,
  type ImageWorld,
  keptFeed,
  labelsOf,
  normalisePixels,
  type PixelStatistics,
  questionsOf,
  resizeImages,
  sightCaptions,
  sightQuestions,
  sightShares,
} from "./pretrain_images.ts";
import { clipLossGraph, encoderLossGraph, targetFeeds } from "./pretrain_vision.ts";
import { sessionOptionsOf, type TrainingHost } from "./trainer.ts";
import { startWeights } from "./start_weights.ts";
import { type TrainingSchedule, trainWeights, type WeightedGraph } from "./weight_training.ts";
import { writeDirectory } from "./write_directory.ts";

/** Settings of every pretraining. */
export interface PretrainOptions {
  readonly seed: number;
  readonly batch: number;
  readonly schedule: TrainingSchedule;
  /** What is drawn. */
  readonly drawn?: DrawnImages;
  /** Encoders and CLIP: whether all that is on an image is right, or any one; default `one`. */
  readonly sights?: "one" | "all";
  /**
   * Encoders and CLIP: share of the patches that the network does not see in most of the training;
   * default half of them for a vision transformer, none for others.
   */
  readonly dropped?: number;
  /** Model whose weights it begins with; default random ones. */
  readonly start?: { readonly name: string; readonly path: string };
}

/** A graph with the weights to begin with. */
async function started<G extends WeightedGraph>(
  graph: G,
  { start }: PretrainOptions,
  host: TrainingHost,
): Promise<G> {
  if (start === undefined) return graph;
  return { ...graph, weights: await startWeights(graph.weights, start, host.log) };
}

/** The place of a step in a training, for its images. */
function placeOf({ seed, batch, schedule, drawn = {} }: PretrainOptions, step: number) {
  return { step, steps: schedule.steps, batch, seed, drawn } satisfies ImagePlace;
}

/** Share of the patches that a vision transformer drops (arXiv 2212.00794). */
const usuallyDropped = 0.5;

/** Sizes of an encoder, and the statistics that its pixels are normalised by. */
interface EncoderPlan {
  readonly sizes: EncoderSizes;
  readonly pixels: PixelStatistics;
}

function encoderPlan(name: EncoderName): EncoderPlan {
  const { sizes, pixels = clipStatistics }: ZooEncoder = zooEncoders[name];
  return { sizes, pixels };
}

/** Trains an encoder by classifiers of what is in the image, which are then dropped. */
export async function pretrainEncoder(
  world: ImageWorld,
  name: EncoderName,
  options: PretrainOptions,
  host: TrainingHost = {},
): Promise<DirectoryFiles> {
  const { seed, batch, schedule } = options;
  const plan = encoderPlan(name);
  const questions = questionsOf(world);
  const loss = encoderLossGraph(plan.sizes, { questions, batch, seed, ...sharedIn(options) });
  const weights = await trainWeights({
    ...await started(loss, options, host),
    schedule,
    batch: (step) => encoderFeeds(world, plan, { options, step }).feeds,
  }, host);
  return encoderFiles(plan.sizes, storedWeights(weights), plan.pixels);
}

/** Classifiers and captions with several right answers. */
function sharedIn({ sights = "one" }: PretrainOptions): { readonly shared?: readonly string[] } {
  return sights === "one" ? {} : { shared: [...sightQuestions, ...sightCaptions] };
}

/** Feeds of a step, and the facts behind them. */
function encoderFeeds<F extends ImageFact>(
  world: ImageWorld<F>,
  plan: EncoderPlan,
  { options, step }: { readonly options: PretrainOptions; readonly step: number },
): { readonly feeds: Record<string, Tensor>; readonly facts: readonly F[] } {
  const { sizes } = plan;
  const { sights = "one", dropped } = options;
  const at = placeOf(options, step);
  const { random, images, facts } = imagesAt(world, at);
  const pixel_values = pixelTensor(images, facts.length, plan);
  const others = classifierFeeds(world, facts, sights);
  if (isTransformer(sizes)) {
    const kept = keptFeed(sizes, random, { ...at, dropped: dropped ?? usuallyDropped });
    return { facts, feeds: { pixel_values, kept, ...others } };
  }
  const size = sizes.image_size;
  const pixels = pixel_values.data as Float32Array;
  if (dropped !== undefined) dropPatches(pixels, random, { ...at, dropped, size });
  return { facts, feeds: { pixel_values, ...others } };
}

/** `n` images as the encoder's processor makes them: resized and normalised, `[n, 3, S, S]`. */
function pixelTensor(images: Float32Array, n: number, { sizes, pixels }: EncoderPlan): Tensor {
  const { image_size: size } = sizes;
  const resized = resizeImages(images, n, size);
  return tensor("float32", [n, 3, size, size], normalisePixels(resized, size, pixels));
}

/** What the CLIP reads beside the world. */
export interface CaptionWorld {
  readonly corpus: readonly string[];
  readonly forms: readonly string[];
}

/** Trains the mini CLIP: images against the captions of all concepts, and of all kinds. */
export async function pretrainClip(
  world: ImageWorld,
  captions: CaptionWorld,
  options: PretrainOptions,
  host: TrainingHost = {},
): Promise<DirectoryFiles> {
  const { seed, batch, schedule } = options;
  const plan = planClip({ corpus: captions.corpus, pixels: clipStatistics });
  const tokenizer = await readBack(plan.json, openTokenizer);
  const encode = memoisedEncoder((text) => tokenizer.encode(text));
  const source = { forms: captions.forms, words: world.words, kinds: world.kinds };
  const loss = clipLossGraph(plan.sizes, {
    questions: questionsOf(world),
    captions: { concept_captions: world.names.length, kind_captions: world.kinds.length },
    batch,
    seed,
    ...sharedIn(options),
  });
  const encoder = { sizes: plan.sizes.vision, pixels: clipStatistics };
  const weights = await trainWeights({
    ...await started(loss, options, host),
    schedule,
    batch: (step) => {
      const { feeds, facts } = encoderFeeds(world, encoder, { options, step });
      const random = new Random(`${seed}/captions/${step}`);
      const lists = {
        concept_captions: conceptCaptions(source, random),
        kind_captions: kindCaptions(source, random),
      };
      for (const [list, texts] of Object.entries(lists)) {
        const { inputIds, attentionMask } = captionTensors(texts.map(encode), 0);
        feeds[`${list}.input_ids`] = inputIds;
        feeds[`${list}.attention_mask`] = attentionMask;
      }
      return { ...feeds, ...captionFeeds(world, facts, options) };
    },
  }, host);
  return clipFiles(plan, storedWeights(weights));
}

/** Which captions fit the images. */
function captionFeeds(
  world: ImageWorld,
  facts: readonly ImageFact[],
  { sights = "one" }: PretrainOptions,
): Record<string, Tensor> {
  if (sights === "one") {
    const { concept, kind } = labelsOf(world, facts);
    return targetFeeds({ concept_captions: concept!, kind_captions: kind! });
  }
  const { concept, kind } = sightShares(world, facts);
  return { "concept_captions.shares": concept, "kind_captions.shares": kind };
}

/** Tokens of the frozen encoder for many images, and what is on them. */
export interface FeatureCache<F> {
  /** float32 `[tokens, width]` of each image, one behind the other. */
  readonly features: Float32Array;
  /** Values per image. */
  readonly stride: number;
  readonly facts: readonly F[];
}

/** Runs an encoder over random images of the world. */
async function cacheFeatures<F extends ImageFact>(
  world: ImageWorld<F>,
  encoder: PretrainedEncoder,
  options: {
    readonly images: number;
    readonly seed: number;
    readonly drawn?: DrawnImages;
  },
  host: TrainingHost = {},
): Promise<FeatureCache<F>> {
  const chunk = 64;
  const { sizes } = encoder;
  const stride = tokenCount(sizes) * tokenLayout(sizes).width;
  const features = new Float32Array(options.images * stride);
  const facts: F[] = [];
  await using session = await openSession(
    visionEncoder(sizes, storedWeights(encoder.weights)),
    sessionOptionsOf(host),
  );
  for (let start = 0; start < options.images; start += chunk) {
    host.signal?.throwIfAborted();
    const count = Math.min(chunk, options.images - start);
    const random = new Random(`${options.seed}/cache/${start}`);
    const batch = world.sampleBatch(random, count, options.drawn);
    const pixels = pixelTensor(batch.images, count, encoder);
    const { last_hidden_state: tokens } = await session.run({ pixel_values: pixels });
    features.set(tokens!.data as Float32Array, start * stride);
    facts.push(...batch.facts);
  }
  return { features, stride, facts };
}

/** What a multimodal model is trained on. */
export interface MultimodalLesson<F> {
  readonly architecture: ZooName;
  /** Texts that the vocabulary is trained on. */
  readonly corpus: readonly string[];
  /** Path of the encoder's model directory. */
  readonly encoder: string;
  /** Number of images. */
  readonly images: number;
  /** Tokens of the encoder for these images, if another training has them already. */
  readonly cache?: FeatureCache<F>;
  /** A random question about an image, and its answer. */
  ask(fact: F, random: Random): { readonly instruction: string; readonly answer: string };
}

/** Trains connector and language model on tokens of the frozen encoder. */
export async function pretrainMultimodal<F extends ImageFact>(
  world: ImageWorld<F>,
  lesson: MultimodalLesson<F>,
  options: PretrainOptions,
  host: TrainingHost = {},
): Promise<DirectoryFiles> {
  const { seed, batch, schedule, drawn = {} } = options;
  const architecture = zooArchitectures[lesson.architecture];
  const encoder = await readEncoder(lesson.encoder);
  const { sizes: vision, pixels, weights: frozen } = encoder;
  const plan = planMultimodal(architecture, { vision, corpus: lesson.corpus, pixels });
  const asked = { images: lesson.images, seed, drawn };
  const cache = lesson.cache ?? await cacheFeatures(world, encoder, asked, host);
  const texts = await readBack(plan.json, (path) => textEncoder(path, plan));
  const imageAt = texts.instruction("").ids.indexOf(texts.imageToken);
  const exchange = exchangeTokenizer(texts);
  const loss = multimodalLossGraph(plan.sizes, { batch, seed, imageAt });
  const trained = await trainWeights({
    ...await started(loss, options, host),
    schedule,
    batch: (step) => {
      const random = new Random(`${seed}/questions/${step}`);
      const picked = Array.from({ length: batch }, () => random.integer(cache.facts.length));
      const exchanges = picked.map((row) => exchange(lesson.ask(cache.facts[row]!, random)));
      return {
        features: gatherFeatures(cache, picked, plan.sizes),
        ...exchangeFeeds(plan.sizes, exchanges, { pad: texts.padToken, imageAt }),
      };
    },
  }, host);
  return multimodalFiles(plan, storedWeights({ ...frozen, ...trained }));
}

/** Lets `read` see JSON files in a folder of their own, so that tokenizers are those of the model. */
async function readBack<T>(
  json: DirectoryFiles["json"],
  read: (path: string) => Promise<T>,
): Promise<T> {
  const path = await Deno.makeTempDir();
  try {
    await writeDirectory(path, { json, graphs: {} });
    return await read(path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

/** Instructions as the model's family lays them out. */
async function textEncoder(
  path: string,
  plan: NetworkPlan<MultimodalSizes>,
): Promise<InstructionEncoder> {
  const config = plan.json["config.json"] as Json;
  const tokenizer = await openTokenizer(path);
  return await openTextEncoder({
    path,
    name: path,
    config,
    generation: plan.json["generation_config.json"] as Json,
    processor: {},
    preprocessor: {},
    family: familyOf(config, path),
    warnings: [],
    tokenizer: () => Promise.resolve(tokenizer),
    has: () => false,
    partPath: (part) => part,
    readPart: () => Promise.reject(new TypeError("Cannot read a part of a model in training")),
  }, { rows: imageRows(plan.sizes) });
}

/** Ids of question and answer; the image's placeholders are taken out again. */
function exchangeTokenizer(encoder: InstructionEncoder) {
  const question = memoisedQuestions(encoder);
  const answer = memoisedEncoder((text) => [...encoder.answer(text), encoder.endToken]);
  return (texts: { instruction: string; answer: string }): TokenizedExchange => ({
    ...question(texts.instruction),
    answer: answer(texts.answer),
  });
}

function memoisedQuestions(encoder: InstructionEncoder) {
  const known = new Map<string, Omit<TokenizedExchange, "answer">>();
  return (text: string) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const { ids, qformerIds } = encoder.instruction(text);
    const made = { text: ids.filter((id) => id !== encoder.imageToken), question: qformerIds };
    known.set(text, made);
    return made;
  };
}

function gatherFeatures<F>(
  { features, stride }: FeatureCache<F>,
  rows: readonly number[],
  { vision }: MultimodalSizes,
): Tensor {
  const data = new Float32Array(rows.length * stride);
  rows.forEach((row, i) =>
    data.set(features.subarray(row * stride, (row + 1) * stride), i * stride)
  );
  return tensor("float32", [rows.length, tokenCount(vision), tokenLayout(vision).width], data);
}
