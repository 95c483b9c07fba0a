/** Pretrains a multimodal model of the zoo on tokens of a frozen encoder. @module */
import type { Json } from "../models/families/family.ts";
import { familyOf } from "../models/families/family_table.ts";
import { type InstructionEncoder, openTextEncoder } from "../models/instruction_text.ts";
import { openTokenizer } from "../models/tokenize.ts";
import { openSession } from "../runtime/session.ts";
import { Random } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { multimodalFiles, planMultimodal } from "../zoo/multimodal_files.ts";
import type { DirectoryFiles, NetworkPlan } from "../zoo/vision_files.ts";
import { storedWeights } from "../zoo/module.ts";
import { imageRows, type MultimodalSizes } from "../zoo/multimodal.ts";
import { tokenCount, tokenLayout, visionEncoder } from "../zoo/vision_encoder.ts";
import { zooArchitectures, type ZooName } from "../zoo/zoo_table.ts";
import { memoisedEncoder } from "./captions.ts";
import type { PretrainedEncoder } from "./encoder_directory.ts";
import { pixelTensor } from "./pretrain_encoder.ts";
import type { DrawnImages, ImageFact, ImageWorld } from "./pretrain_images.ts";
import { exchangeFeeds, multimodalLossGraph, type TokenizedExchange } from "./pretrain_language.ts";
import { type PretrainOptions, started } from "./pretrain_options.ts";
import { sessionOptionsOf, type TrainingHost } from "./trainer.ts";
import { trainWeights } from "./weight_training.ts";
import { readBack } from "./write_directory.ts";

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
  /** The frozen encoder. */
  readonly encoder: PretrainedEncoder;
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
  const { encoder } = lesson;
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
