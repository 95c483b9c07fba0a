/**
 * Graphs that score candidate answers: the image and the instruction run once per image, then
 * all candidates as a batch on what they left behind.
 *
 * @module
 */
import { composeModels, type Part } from "../onnx/passes/compose.ts";
import type { Model, TensorType } from "../onnx/ir/model.ts";
import { pruneModel } from "../onnx/passes/prune.ts";
import { isPast, presentOf } from "./cached_states.ts";
import {
  bindPast,
  composed,
  composeModel,
  handedOn,
  type ModelSizes,
  ofInputs,
  readAnswerEmbed,
  readPast,
} from "./compose_model.ts";
import type { LanguageModelDirectory } from "./directory.ts";
import { concatenation, expansion, finishScore, logProbsOf, ownInputs } from "./score_parts.ts";

/** How candidates continue an image's instruction. */
export type ScoreWay =
  /** On the keys and values of the instruction. */
  | "cache"
  /** As answers of a decoder that reads an encoder's states. */
  | "encoder"
  /** With the instruction run again: for decoders that take no past. */
  | "repeat";

/** Sizes of a scoring graph. */
export interface ScoreSizes extends ModelSizes {
  /** Continuations of the whole batch; 0 where every candidate is one token. */
  readonly rows: number;
  /** Tokens of a continuation. */
  readonly length: number;
}

/** The way a model is scored. */
export function scoreWay(directory: LanguageModelDirectory, decoder: Model): ScoreWay {
  if (directory.has("encoder_model")) return "encoder";
  return decoder.graph.inputs.some((info) => isPast(info.name)) ? "cache" : "repeat";
}

/**
 * Composes the scoring graph.
 *
 * Inputs: those of {@linkcode composeModel} for images and instructions, and
 * `last_index` [batch]: the last position of each instruction in the flattened [batch · sequence]
 * (way `cache`); `next_ids` [rows, length], `next_row` [rows]: the image of each continuation;
 * `next_mask` [rows, sequence + length] and, where the decoder wants them, `next_position_ids`;
 * `pick_index`, `pick_ids` [picks]: positions in the flattened output of the continuations
 * ([rows · length]; way `repeat`: [rows · (sequence + length)]) and tokens.
 *
 * Outputs: `first_log_probs` [batch, vocabulary] after the instruction (way `cache`), and
 * `log_probs` [picks].
 */
export async function composeScore(
  directory: LanguageModelDirectory,
  way: ScoreWay,
  sizes: ScoreSizes,
): Promise<Model> {
  const decoder = await directory.readPart("decoder_model_merged");
  const embed = await directory.readPart("embed_tokens");
  const compose = { cache: composeCached, encoder: composeAnswers, repeat: composeRepeated }[way];
  return await compose(directory, { decoder, embed }, sizes);
}

interface Files {
  readonly decoder: Model;
  readonly embed: Model;
}

async function composeCached(
  directory: LanguageModelDirectory,
  { decoder, embed }: Files,
  sizes: ScoreSizes,
): Promise<Model> {
  const past = decoder.graph.inputs.map((info) => info.name).filter(isPast);
  const presents = past.map((name) => `decoder.${presentOf(name)}`);
  const whole = await composeModel(directory, sizes);
  const kept = sizes.rows === 0 ? [] : presents;
  const prefix = logProbsOf(pruneModel(whole, [composed.logits, ...kept]), {
    value: composed.logits,
    batch: sizes.batch,
    sequence: sizes.sequence,
    index: "last_index",
    output: "first_log_probs",
  });
  if (sizes.rows === 0) return prefix;
  const parts: Part[] = [
    { name: "prefix", model: prefix, connect: ownInputs(prefix) },
    expansion(prefix, presents, sizes.rows),
    { name: "next_embed", model: embed, connect: { input_ids: "next_ids" } },
    {
      name: "next",
      model: readPast(decoder),
      connect: {
        ...Object.fromEntries(past.map((name, i) => [name, `expand.${presents[i]}.rows`])),
        ...nextInputs(decoder, "next_embed.inputs_embeds"),
        ...handedOn(decoder, embed, "next_embed"),
      },
    },
  ];
  return finishScore(composeModels(parts), sizes, sizes.length, ["prefix.first_log_probs"]);
}

async function composeAnswers(
  directory: LanguageModelDirectory,
  { decoder, embed }: Files,
  sizes: ScoreSizes,
): Promise<Model> {
  const state = "encoder.last_hidden_state";
  const answerEmbed = await readAnswerEmbed(directory, embed);
  const prefix = await composeModel(directory, { ...sizes, answer: 1 }, [state]);
  const parts: Part[] = [
    { name: "prefix", model: prefix, connect: ownInputs(prefix) },
    expansion(prefix, [state], sizes.rows, { mask: [sizes.batch, sizes.sequence] }),
    { name: "next_embed", model: answerEmbed, connect: { input_ids: "next_ids" } },
    {
      name: "next",
      model: bindPast(decoder, sizes.rows),
      connect: ofInputs(decoder, {
        inputs_embeds: "next_embed.inputs_embeds",
        encoder_hidden_states: `expand.${state}.rows`,
        encoder_attention_mask: "expand.mask.rows",
      }),
    },
  ];
  return finishScore(composeModels(parts), sizes, sizes.length, []);
}

async function composeRepeated(
  directory: LanguageModelDirectory,
  { decoder, embed }: Files,
  sizes: ScoreSizes,
): Promise<Model> {
  const placed = "place.inputs_embeds";
  const prefix = await composeModel(directory, sizes, [placed]);
  const type = prefix.graph.outputs[0]!.type as TensorType;
  const next = sizes.length === 0 ? [] : [
    { name: "next_embed", model: embed, connect: { input_ids: "next_ids" } },
    concatenation(type, sizes, [`expand.${placed}.rows`, "next_embed.inputs_embeds"]),
  ];
  const embeds = sizes.length === 0 ? `expand.${placed}.rows` : "join.inputs_embeds";
  const parts: Part[] = [
    { name: "prefix", model: prefix, connect: ownInputs(prefix) },
    expansion(prefix, [placed], sizes.rows),
    ...next,
    { name: "next", model: decoder, connect: nextInputs(decoder, embeds) },
  ];
  return finishScore(composeModels(parts), sizes, sizes.sequence + sizes.length, []);
}

function nextInputs(decoder: Model, embeds: string): Record<string, string> {
  const names = ["position_ids", "token_type_ids"]
    .filter((name) => decoder.graph.inputs.some((info) => info.name === name));
  return {
    inputs_embeds: embeds,
    attention_mask: "next_mask",
    ...Object.fromEntries(names.map((name) => [name, `next_${name}`])),
  };
}
