/**
 * Pretraining of the zoo's vision encoder (classifiers of what is in the image) and of its CLIP
 * (images against captions, with the same classifiers beside them).
 *
 * @module
 */
import { type ClipTextSizes, textEmbedding } from "../zoo/clip_text.ts";
import { linear } from "../zoo/layers.ts";
import { type Module, moduleOn, notedWeights, parameter, seededWeights } from "../zoo/module.ts";
import { imageEmbedding, pixelInput, type VisionSizes } from "../zoo/vision_transformer.ts";
import {
  type EncoderSizes,
  encoderTokens,
  isTransformer,
  tokenLayout,
} from "../zoo/vision_encoder.ts";
import { GraphBuilder, type Value } from "../onnx/build/builder.ts";
import type { Random } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { crossEntropy, sharedCrossEntropy } from "./cross_entropy.ts";
import { type LossGraph, termOutput, termOutputs } from "./training_graph.ts";
import type { WeightedGraph } from "./weight_training.ts";

/** Numbers of classes of what an image may be asked about: `{ kind: 102, colour: 10, … }`. */
export type Questions = Readonly<Record<string, number>>;

/** Answers to one question for a batch of images; −1 where it does not apply. */
export type Labels = Readonly<Record<string, Int32Array>>;

/** Names of the auxiliary classifiers' weights begin with this; they are not published. */
const headPrefix = "classifier.";

/** What the losses of a graph are of. */
interface Targets {
  readonly batch: number;
  /** Questions with several right answers to an image, such as what is on it. */
  readonly shared?: readonly string[];
}

/**
 * Loss of the scores `[batch, classes]` of a question, and its inputs: `<question>.labels` and
 * `<question>.weights`, or `<question>.shares`.
 */
function questionLoss(
  b: GraphBuilder,
  logits: Value,
  { question, classes, batch, shared = [] }: Targets & { question: string; classes: number },
): Value {
  if (shared.includes(question)) {
    const shares = b.input(`${question}.shares`, "float32", [batch, classes]);
    return sharedCrossEntropy(b, logits, shares);
  }
  return crossEntropy(b, logits, {
    labels: b.input(`${question}.labels`, "int64", [batch]),
    weights: b.input(`${question}.weights`, "float32", [batch]),
  });
}

/** The feeds of questions with one answer for a batch: weights average over the rows that have a label. */
export function targetFeeds(labels: Labels): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const [question, values] of Object.entries(labels)) {
    const known = values.reduce((sum, label) => sum + (label >= 0 ? 1 : 0), 0);
    feeds[`${question}.labels`] = tensor(
      "int64",
      [values.length],
      BigInt64Array.from(values, (label) => BigInt(Math.max(label, 0))),
    );
    feeds[`${question}.weights`] = tensor(
      "float32",
      [values.length],
      Float32Array.from(values, (label) => label >= 0 ? 1 / known : 0),
    );
  }
  return feeds;
}

/**
 * The feed of a question with several answers: float32 `[images, classes]`. An image's answers,
 * which may hold one several times, have equal shares of it.
 */
export function shareFeed(answers: readonly (readonly number[])[], classes: number): Tensor {
  const shares = new Float32Array(answers.length * classes);
  answers.forEach((labels, image) => {
    for (const label of labels) {
      shares[image * classes + label]! += 1 / (labels.length * answers.length);
    }
  });
  return tensor("float32", [answers.length, classes], shares);
}

/**
 * Which tokens of each item are kept, the class token always: int64 `[batch, 1 + count]`, flat
 * indices over batch and tokens, for the input `kept`.
 */
export function keptTokens(random: Random, batch: number, patches: number, count: number): Tensor {
  const kept = new BigInt64Array(batch * (1 + count));
  for (let item = 0, at = 0; item < batch; item++) {
    const first = item * (1 + patches);
    kept[at++] = BigInt(first);
    const order = count < patches
      ? random.permutation(patches).subarray(0, count).sort()
      : undefined;
    for (let i = 0; i < count; i++) kept[at++] = BigInt(first + 1 + (order?.[i] ?? i));
  }
  return tensor("int64", [batch, 1 + count], kept);
}

/** Tokens of a batch, and their mean; tokens of a vision transformer are dropped by the input `kept`. */
function pooledTokens(
  module: Module,
  sizes: EncoderSizes,
  batch: number,
): { readonly tokens: Value; readonly pooled: Value } {
  const { builder: b } = module;
  const pixels = pixelInput(b, sizes, batch);
  const tokens = encoderTokens(
    module,
    pixels,
    sizes,
    isTransformer(sizes) ? { kept: b.input("kept", "int64", [batch, "kept_tokens"]) } : {},
  );
  return { tokens, pooled: b.op("ReduceMean", [tokens, b.int64s([1])], { keepdims: 0 }) };
}

/** Sum of the classifiers' cross entropies, each an output of its own too. */
function classifierLosses(
  module: Module,
  pooled: Value,
  options: Targets & { readonly width: number; readonly questions: Questions },
): Value[] {
  const { builder: b } = module;
  return Object.entries(options.questions).map(([question, classes]) => {
    const logits = linear(module, `${headPrefix}${question}`, pooled, {
      from: options.width,
      to: classes,
    });
    const loss = questionLoss(b, logits, { ...options, question, classes });
    b.output(loss, termOutput(question));
    return loss;
  });
}

/** The sum of the losses, which have these names. */
function summedLoss(
  b: GraphBuilder,
  losses: readonly Value[],
  names: readonly string[],
): LossGraph {
  b.output(losses.reduce((sum, loss) => b.op("Add", [sum, loss])), "loss");
  return { model: b.finish(), loss: "loss", terms: termOutputs(names) };
}

/**
 * Graph of an encoder's pretraining. Inputs: `pixel_values` `[batch, 3, S, S]`, `kept` for a vision
 * transformer, and labels and weights of each question.
 */
export function encoderLossGraph(
  sizes: EncoderSizes,
  options: Targets & { readonly questions: Questions; readonly seed: number },
): WeightedGraph {
  const builder = new GraphBuilder();
  const weights: Record<string, Tensor<"float32">> = {};
  const module = moduleOn(builder, notedWeights(seededWeights(options.seed), weights), {
    training: true,
  });
  const { pooled } = pooledTokens(module, sizes, options.batch);
  const losses = classifierLosses(module, pooled, { ...options, width: tokenLayout(sizes).width });
  return { ...summedLoss(builder, losses, Object.keys(options.questions)), weights };
}

/** Rows scaled to length 1. */
function normalised(b: GraphBuilder, x: Value): Value {
  const length = b.op("Sqrt", [
    b.op("ReduceSum", [b.op("Mul", [x, x]), b.int64s([1])], { keepdims: 1 }),
  ]);
  return b.op("Div", [x, length]);
}

/** Similarity of every image with every caption, scaled by the learned temperature. */
function contrast(module: Module, images: Value, texts: Value): Value {
  const { builder: b } = module;
  const scale = b.op("Exp", [parameter(module, "logit_scale", [1], { value: Math.log(20) })]);
  const transposed = b.op("Transpose", [normalised(b, texts)], { perm: [1, 0] });
  return b.op("MatMul", [b.op("Mul", [normalised(b, images), scale]), transposed]);
}

/**
 * Graph of the CLIP's pretraining: each image against each list of captions, such as those of all
 * concepts. Inputs beside {@linkcode encoderLossGraph}'s: `<list>.input_ids` and
 * `<list>.attention_mask` of each list, and its labels and weights, or its shares.
 */
export function clipLossGraph(
  sizes: { readonly vision: VisionSizes; readonly text: ClipTextSizes },
  options: Targets & {
    readonly questions: Questions;
    readonly captions: Questions;
    readonly seed: number;
  },
): WeightedGraph {
  const builder = new GraphBuilder();
  const weights: Record<string, Tensor<"float32">> = {};
  const module = moduleOn(builder, notedWeights(seededWeights(options.seed), weights), {
    training: true,
  });
  const { tokens, pooled } = pooledTokens(module, sizes.vision, options.batch);
  const width = sizes.vision.hidden_size;
  const images = imageEmbedding(module, tokens, { width, to: sizes.text.projection_dim });
  const contrasts = Object.entries(options.captions).map(([list, count]) => {
    const inputIds = builder.input(`${list}.input_ids`, "int64", [count, `${list}_length`]);
    const attentionMask = builder.input(`${list}.attention_mask`, "int64", [
      count,
      `${list}_length`,
    ]);
    const texts = textEmbedding(module, { inputIds, attentionMask }, sizes.text);
    const logits = contrast(module, images, texts);
    const loss = questionLoss(builder, logits, { ...options, question: list, classes: count });
    builder.output(loss, termOutput(list));
    return loss;
  });
  const classifiers = classifierLosses(module, pooled, { ...options, width });
  const names = [...Object.keys(options.captions), ...Object.keys(options.questions)];
  return { ...summedLoss(builder, [...contrasts, ...classifiers], names), weights };
}

/** Share of a training in which patches are dropped. */
const dropping = 0.85;

/** Number of patches to keep at a point of the training: a share is dropped at first, then none. */
export function keptCount(patches: number, at: {
  readonly step: number;
  readonly steps: number;
  readonly dropped: number;
}): number {
  return at.step < dropping * at.steps ? Math.round(patches * (1 - at.dropped)) : patches;
}
