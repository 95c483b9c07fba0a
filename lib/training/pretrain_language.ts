/**
 * Pretraining of the zoo's multimodal language models on cached tokens of the frozen encoder:
 * connector and language model learn to answer questions about the pictures.
 *
 * @module
 */
import { decoder, embedTokens, readsPositions } from "../architectures/decoders.ts";
import { moduleOn, notedWeights, seededWeights } from "../architectures/module.ts";
import {
  imageFeatures,
  imageRows,
  instructionInputs,
  type MultimodalSizes,
  readsInstruction,
} from "../architectures/multimodal.ts";
import { patchCount } from "../architectures/vision_transformer.ts";
import { GraphBuilder, type Value } from "../onnx/builder.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { crossEntropy } from "./cross_entropy.ts";
import type { LossGraph } from "./pretrain_vision.ts";

/** A question about a picture as tokens. */
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

/**
 * Graph of the training of connector and language model. Inputs: `features` (tokens of the
 * encoder), `input_ids` (instruction and answer without the image), `attention_mask`
 * and `position_ids` (with the image), `rows` (flat indices of the positions that are followed by
 * a token of an answer), `labels` and `weights` of these rows.
 */
export function multimodalLossGraph(
  sizes: MultimodalSizes,
  options: { readonly batch: number; readonly seed: number; readonly imageAt: number },
): LossGraph {
  const b = new GraphBuilder();
  const weights: Record<string, Tensor<"float32">> = {};
  const module = moduleOn(b, notedWeights(seededWeights(options.seed), weights), {
    training: true,
  });
  const { vision, text, connector } = sizes;
  const { batch } = options;
  const features = b.input("features", "float32", [
    batch,
    1 + patchCount(vision),
    vision.hidden_size,
  ]);
  const instruction = instructionInputs(b, connector, batch);
  const inputIds = b.input("input_ids", "int64", [batch, "text_length"]);
  const attentionMask = b.input("attention_mask", "int64", [batch, "sequence_length"]);
  const positions = readsPositions(text.kind)
    ? { positionIds: b.input("position_ids", "int64", [batch, "sequence_length"]) }
    : {};
  const rows = b.input("rows", "int64", ["answer_tokens"]);
  const image = imageFeatures(module, features, sizes, instruction);
  const embeds = joinImage(b, embedTokens(module, inputIds, text), image, options.imageAt);
  const { logits } = decoder(module, { embeds, attentionMask, ...positions, rows }, text);
  const targets = {
    labels: b.input("labels", "int64", ["answer_tokens"]),
    weights: b.input("weights", "float32", ["answer_tokens"]),
  };
  b.output(crossEntropy(b, logits, targets), "loss");
  return { graph: b.finish(), weights };
}

function int64(dims: readonly number[], values: ArrayLike<number>): Tensor {
  return tensor("int64", dims, BigInt64Array.from(Array.from(values), BigInt));
}

/** Rows of ids side by side, padded on the right. */
function padRows(rows: readonly (readonly number[])[], pad: number) {
  const length = Math.max(...rows.map((row) => row.length));
  const ids = rows.flatMap((row) => [...row, ...Array(length - row.length).fill(pad)]);
  const mask = rows.flatMap((row) => Array.from({ length }, (_, i) => i < row.length ? 1 : 0));
  return {
    length,
    ids: int64([rows.length, length], ids),
    mask: int64([rows.length, length], mask),
  };
}

/** Positions followed by a token of an answer, and these tokens; `length` counts the image. */
function answerTargets(exchanges: readonly TokenizedExchange[], image: number, length: number) {
  const rows: number[] = [];
  const labels: number[] = [];
  exchanges.forEach(({ text, answer }, item) => {
    const last = item * length + image + text.length - 1; // the position before the answer
    answer.forEach((id, i) => {
      rows.push(last + i);
      labels.push(id);
    });
  });
  return { rows, labels };
}

/** Feeds of a step, but for `features`. */
export function exchangeFeeds(
  sizes: MultimodalSizes,
  exchanges: readonly TokenizedExchange[],
  layout: ExchangeLayout,
): Record<string, Tensor> {
  const image = imageRows(sizes);
  const batch = exchanges.length;
  const text = padRows(exchanges.map(({ text, answer }) => [...text, ...answer]), layout.pad);
  const length = text.length + image;
  const mask = new BigInt64Array(batch * length).fill(1n);
  const positions = new BigInt64Array(batch * length);
  exchanges.forEach((exchange, item) => {
    const real = image + exchange.text.length + exchange.answer.length;
    mask.fill(0n, item * length + real, (item + 1) * length);
    for (let i = 0; i < real; i++) positions[item * length + i] = BigInt(i);
  });
  const { rows, labels } = answerTargets(exchanges, image, length);
  const feeds: Record<string, Tensor> = {
    input_ids: text.ids,
    attention_mask: tensor("int64", [batch, length], mask),
    rows: int64([rows.length], rows),
    labels: int64([rows.length], labels),
    weights: tensor("float32", [rows.length], new Float32Array(rows.length).fill(1 / rows.length)),
  };
  if (readsPositions(sizes.text.kind)) {
    feeds.position_ids = tensor("int64", [batch, length], positions);
  }
  if (readsInstruction(sizes.connector)) {
    const questions = padRows(exchanges.map(({ question }) => question), layout.pad);
    feeds.qformer_input_ids = questions.ids;
    feeds.qformer_attention_mask = questions.mask;
  }
  return feeds;
}
