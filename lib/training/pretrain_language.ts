/**
 * Pretraining of the zoo's multimodal language models on cached tokens of the frozen encoder:
 * connector and language model learn to answer questions about the images.
 *
 * @module
 */
import { decoder, type DecoderSizes, embedTokens, readsPositions } from "../zoo/decoders.ts";
import {
  type EncoderDecoderSizes,
  isEncoderDecoder,
  t5Decoder,
  t5Encoder,
} from "../zoo/encoder_decoder.ts";
import { type Module, moduleOn, notedWeights, seededWeights } from "../zoo/module.ts";
import {
  imageFeatures,
  imageRows,
  instructionInputs,
  type MultimodalSizes,
  readsInstruction,
} from "../zoo/multimodal.ts";
import { tokenCount, tokenLayout } from "../zoo/vision_encoder.ts";
import { GraphBuilder, type Value } from "../onnx/build/builder.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { crossEntropy } from "./cross_entropy.ts";
import type { WeightedGraph } from "./weight_training.ts";

/** A question about an image as tokens. */
export interface TokenizedExchange {
  /** Instruction with its start symbol, without the image. */
  readonly text: readonly number[];
  /** The instruction as a Q-Former reads it; empty where it does not. */
  readonly question: readonly number[];
  /** With the end symbol. */
  readonly answer: readonly number[];
}

/** How a batch is laid out. */
export interface ExchangeLayout {
  readonly pad: number;
  /** Number of tokens of the text before the image. */
  readonly imageAt: number;
}

/** The image's rows after the first `at` tokens. */
function joinImage(b: GraphBuilder, embeds: Value, image: Value, at: number): Value {
  if (at === 0) return b.op("Concat", [image, embeds], { axis: 1 });
  const part = (from: number, to: number) =>
    b.op("Slice", [embeds, b.int64s([from]), b.int64s([to]), b.int64s([1])]);
  return b.op("Concat", [part(0, at), image, part(at, Number.MAX_SAFE_INTEGER)], { axis: 1 });
}

/** What a language model learns from: the image's rows among the text's. */
interface Lesson {
  readonly embeds: Value;
  /** int64 `[batch, tokens]`. */
  readonly attentionMask: Value;
  readonly batch: number;
}

/** Scores of the tokens that answers consist of, `[answer_tokens, vocabulary]`. */
function decoderLogits(module: Module, lesson: Lesson, text: DecoderSizes): Value {
  const { builder: b } = module;
  const { embeds, attentionMask, batch } = lesson;
  const positions = readsPositions(text.kind)
    ? { positionIds: b.input("position_ids", "int64", [batch, "sequence_length"]) }
    : {};
  const rows = b.input("rows", "int64", ["answer_tokens"]);
  return decoder(module, { embeds, attentionMask, ...positions, rows }, text).logits;
}

/** The same of a model whose encoder reads the instruction; its decoder reads the answer so far. */
function encoderDecoderLogits(module: Module, lesson: Lesson, text: EncoderDecoderSizes): Value {
  const { builder: b } = module;
  const { embeds, attentionMask: mask, batch } = lesson;
  const answer = b.input("decoder_input_ids", "int64", [batch, "answer_length"]);
  const rows = b.input("rows", "int64", ["answer_tokens"]);
  const states = t5Encoder(module, { embeds, mask }, text);
  const answerEmbeds = embedTokens(module, answer, text);
  const inputs = { embeds: answerEmbeds, states, statesMask: mask, rows };
  return t5Decoder(module, inputs, text).logits;
}

/**
 * Graph of the training of connector and language model. Inputs: `features` (tokens of the
 * encoder), `input_ids` (instruction and answer without the image), `attention_mask`
 * and `position_ids` (with the image), `rows` (flat indices of the positions that are followed by
 * a token of an answer), `labels` and `weights` of these rows. Where the language model has an
 * encoder, `input_ids` hold the instruction alone and `decoder_input_ids` the answer, shifted
 * right; `rows` count over these.
 */
export function multimodalLossGraph(
  sizes: MultimodalSizes,
  options: { readonly batch: number; readonly seed: number; readonly imageAt: number },
): WeightedGraph {
  const b = new GraphBuilder();
  const weights: Record<string, Tensor<"float32">> = {};
  const module = moduleOn(b, notedWeights(seededWeights(options.seed), weights), {
    training: true,
  });
  const { vision, text, connector } = sizes;
  const { batch } = options;
  const features = b.input("features", "float32", [
    batch,
    tokenCount(vision),
    tokenLayout(vision).width,
  ]);
  const instruction = instructionInputs(b, connector, batch);
  const inputIds = b.input("input_ids", "int64", [batch, "text_length"]);
  const attentionMask = b.input("attention_mask", "int64", [batch, "sequence_length"]);
  const image = imageFeatures(module, features, sizes, instruction);
  const embeds = joinImage(b, embedTokens(module, inputIds, text), image, options.imageAt);
  const lesson = { embeds, attentionMask, batch };
  const logits = isEncoderDecoder(text)
    ? encoderDecoderLogits(module, lesson, text)
    : decoderLogits(module, lesson, text);
  const targets = {
    labels: b.input("labels", "int64", ["answer_tokens"]),
    weights: b.input("weights", "float32", ["answer_tokens"]),
  };
  b.output(crossEntropy(b, logits, targets), "loss");
  return { model: b.finish(), loss: "loss", terms: {}, weights };
}

function int64(dims: readonly number[], values: ArrayLike<number>): Tensor {
  return tensor("int64", dims, BigInt64Array.from(Array.from(values), BigInt));
}

interface Padded {
  readonly length: number;
  readonly ids: Tensor;
  readonly mask: Tensor;
}

/** Rows of ids side by side, padded on the right. */
function padRows(rows: readonly (readonly number[])[], pad: number): Padded {
  const length = Math.max(...rows.map((row) => row.length));
  const ids = rows.flatMap((row) => [...row, ...Array(length - row.length).fill(pad)]);
  const mask = rows.flatMap((row) => Array.from({ length }, (_, i) => i < row.length ? 1 : 0));
  return {
    length,
    ids: int64([rows.length, length], ids),
    mask: int64([rows.length, length], mask),
  };
}

/** Where tokens of answers are predicted, and these tokens; `first` is the place of an item's first. */
function answerTargets(
  exchanges: readonly TokenizedExchange[],
  first: (exchange: TokenizedExchange, item: number) => number,
): Record<string, Tensor> {
  const rows = exchanges.flatMap((exchange, item) =>
    exchange.answer.map((_, i) => first(exchange, item) + i)
  );
  const count = rows.length;
  return {
    rows: int64([count], rows),
    labels: int64([count], exchanges.flatMap(({ answer }) => answer)),
    weights: tensor("float32", [count], new Float32Array(count).fill(1 / count)),
  };
}

/** Instruction, image and answer in one sequence. */
function decoderFeeds(
  sizes: MultimodalSizes,
  exchanges: readonly TokenizedExchange[],
  { pad }: ExchangeLayout,
): Record<string, Tensor> {
  const image = imageRows(sizes);
  const batch = exchanges.length;
  const text = padRows(exchanges.map(({ text, answer }) => [...text, ...answer]), pad);
  const length = text.length + image;
  const positions = new BigInt64Array(batch * length);
  exchanges.forEach((exchange, item) => {
    const real = image + exchange.text.length + exchange.answer.length;
    for (let i = 0; i < real; i++) positions[item * length + i] = BigInt(i);
  });
  const feeds: Record<string, Tensor> = {
    input_ids: text.ids,
    attention_mask: withImage(text, image),
    // The position before the answer predicts its first token.
    ...answerTargets(
      exchanges,
      ({ text }, item) => item * length + image + text.length - 1,
    ),
  };
  if (readsPositions(sizes.text.kind as DecoderSizes["kind"])) {
    feeds.position_ids = tensor("int64", [batch, length], positions);
  }
  return feeds;
}

/** The mask of a padded text with the image's rows, which are all seen. */
function withImage({ mask }: Padded, image: number): Tensor {
  const [batch, length] = mask.dims as [number, number];
  const whole = new BigInt64Array(batch * (image + length)).fill(1n);
  for (let item = 0; item < batch; item++) {
    const row = mask.data.subarray(item * length, (item + 1) * length) as BigInt64Array;
    whole.set(row, item * (image + length) + image);
  }
  return tensor("int64", [batch, image + length], whole);
}

/** Instruction and image for the encoder; the start symbol, which is the padding, and the answer. */
function encoderDecoderFeeds(
  sizes: MultimodalSizes,
  exchanges: readonly TokenizedExchange[],
  { pad }: ExchangeLayout,
): Record<string, Tensor> {
  const text = padRows(exchanges.map(({ text }) => text), pad);
  const shifted = padRows(exchanges.map(({ answer }) => [pad, ...answer.slice(0, -1)]), pad);
  return {
    input_ids: text.ids,
    attention_mask: withImage(text, imageRows(sizes)),
    decoder_input_ids: shifted.ids,
    ...answerTargets(exchanges, (_, item) => item * shifted.length),
  };
}

/** Feeds of a step, except `features`. */
export function exchangeFeeds(
  sizes: MultimodalSizes,
  exchanges: readonly TokenizedExchange[],
  layout: ExchangeLayout,
): Record<string, Tensor> {
  const lay = isEncoderDecoder(sizes.text) ? encoderDecoderFeeds : decoderFeeds;
  const feeds = lay(sizes, exchanges, layout);
  if (readsInstruction(sizes.connector)) {
    const questions = padRows(exchanges.map(({ question }) => question), layout.pad);
    feeds.qformer_input_ids = questions.ids;
    feeds.qformer_attention_mask = questions.mask;
  }
  return feeds;
}
