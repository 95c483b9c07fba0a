/** Graphs of free generation: the first run over image and instruction, and one more token. @module */
import { GraphBuilder } from "../onnx/build/builder.ts";
import { dataTypeOf } from "../onnx/ir/data_type.ts";
import { composeModels, type Part } from "../onnx/passes/compose.ts";
import type { Dim, Model } from "../onnx/ir/model.ts";
import { pruneModel } from "../onnx/passes/prune.ts";
import { isEncoderPast, isPast, presentOf } from "./cached_states.ts";
import {
  composed,
  composeModel,
  handedOn,
  type ModelSizes,
  readAnswerEmbed,
  readPast,
} from "./compose_model.ts";
import type { LanguageModelDirectory } from "./directory.ts";
import { dimsOfInput, withInputDims } from "./graph_inputs.ts";
import { rowsOf } from "./score_parts.ts";

/** Keys and values of a decoder, by the names of its inputs. */
export function pastInputs(decoder: Model): readonly string[] {
  return decoder.graph.inputs.map((info) => info.name).filter(isPast);
}

/**
 * The first run of a decoder-only model: the inputs of {@linkcode composeModel} and `last_index`
 * [batch]; outputs `logits` [batch, vocabulary] there, and `present.*` where the decoder has them.
 */
export async function composeFirstRun(
  directory: LanguageModelDirectory,
  sizes: ModelSizes,
): Promise<Model> {
  const decoder = await directory.readPart("decoder_model_merged");
  const presents = pastInputs(decoder).map((name) => `decoder.${presentOf(name)}`);
  const whole = await composeModel(directory, sizes, [composed.logits, ...presents]);
  return rowsOf(whole, {
    value: composed.logits,
    batch: sizes.batch,
    sequence: sizes.sequence,
    index: "last_index",
    output: "logits",
  });
}

/** The encoder of an encoder-decoder model: output `encoder.last_hidden_state`. */
export async function composeEncoder(
  directory: LanguageModelDirectory,
  sizes: ModelSizes,
): Promise<Model> {
  const whole = await composeModel(directory, { ...sizes, answer: 1 });
  return pruneModel(whole, ["encoder.last_hidden_state"]);
}

/**
 * One more token on a past: inputs `next_ids` [batch, 1], `next_mask` [batch, total],
 * `next_position_ids` where the decoder wants them, `past_key_values.*`, and for encoder-decoder
 * models `encoder_hidden_states` and `encoder_attention_mask`; outputs `step.logits` [batch, 1,
 * vocabulary] and `step.present.*`. `onPast` false is the first run of a merged decoder.
 */
export async function composeNextToken(
  directory: LanguageModelDirectory,
  batch: number,
  onPast = true,
): Promise<Model> {
  const decoder = readPast(await directory.readPart("decoder_model_merged"), onPast);
  const embed = await readAnswerEmbed(directory, await directory.readPart("embed_tokens"));
  const names: Readonly<Record<string, string>> = {
    inputs_embeds: "embed.inputs_embeds",
    attention_mask: "next_mask",
    position_ids: "next_position_ids",
    token_type_ids: "next_token_type_ids",
    decoder_attention_mask: "next_mask",
    ...handedOn(decoder, embed, "embed"),
  };
  const connect = Object.fromEntries(
    decoder.graph.inputs.map(({ name }) => [name, names[name] ?? name]),
  );
  const parts: Part[] = [
    { name: "embed", model: embed, connect: { input_ids: "next_ids" } },
    { name: "step", model: decoder, connect },
  ];
  const whole = composeModels(parts);
  return withInputDims(whole, nextDims(whole, batch));
}

/**
 * In place of the scores of all tokens the likeliest one, of equal ones the first: output `likeliest`,
 * int64, in the shape of the scores without their last dimension.
 *
 * @param logits Name of the output with the scores.
 */
export function likeliestOf(model: Model, logits: string): Model {
  const builder = new GraphBuilder({ model });
  const type = model.graph.outputs.find(({ name }) => name === logits)!.type;
  const isFloat32 = type.kind === "tensor" && type.dtype === "float32";
  const scores = isFloat32 ? logits : builder.op("Cast", [logits], { to: dataTypeOf.float32 });
  builder.output(builder.op("ArgMax", [scores], { axis: -1, keepdims: 0 }), "likeliest");
  const others = model.graph.outputs.map(({ name }) => name).filter((name) => name !== logits);
  return pruneModel(builder.finish(), ["likeliest", ...others]);
}

function nextDims(model: Model, batch: number): Record<string, readonly Dim[]> {
  const table: Record<string, readonly Dim[]> = {
    next_ids: [batch, 1],
    next_mask: [batch, "total"],
    next_token_type_ids: [batch, 1],
    encoder_attention_mask: [batch, "encoded"],
  };
  return Object.fromEntries(model.graph.inputs.map((info) => {
    const declared = dimsOfInput(info);
    if (isPast(info.name)) {
      return [info.name, pastDims(info.name, declared, batch)];
    }
    if (info.name === "encoder_hidden_states") {
      return [info.name, [batch, "encoded", declared[2]!]];
    }
    if (info.name === "next_position_ids") {
      return [
        info.name,
        declared.length === 3 ? [declared[0]!, batch, 1] : [declared[0] === 1 ? 1 : batch, 1],
      ];
    }
    return [info.name, table[info.name] ?? declared];
  }));
}

/** Keys and values grow along their third dimension; other states have one size. */
function pastDims(name: string, declared: readonly Dim[], batch: number): readonly Dim[] {
  if (declared.length !== 4) return [batch, ...declared.slice(1)];
  const length = isEncoderPast(name) ? "encoded_past" : "past";
  return [
    batch,
    declared[1]!,
    typeof declared[2] === "number" ? declared[2] : length,
    declared[3]!,
  ];
}
