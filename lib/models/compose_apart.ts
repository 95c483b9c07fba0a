/**
 * Loss graphs of decoders that let the tokens of a pass without a past see each other both ways: the
 * instruction is read in one pass, the answer on its keys and values in another, so that an answer
 * does not see itself (PaliGemma: arXiv 2407.07726, figure 2).
 *
 * @module
 */
import { GraphBuilder } from "../onnx/build/builder.ts";
import { composeModels, type Part } from "../onnx/passes/compose.ts";
import { foldConstants } from "../onnx/passes/fold_constants.ts";
import { inferShapes } from "../onnx/infer/infer_shapes.ts";
import type { Model, TensorType } from "../onnx/ir/model.ts";
import { pruneModel } from "../onnx/passes/prune.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { isPast, presentOf } from "./cached_states.ts";
import { composed, composeModel, handedOn, type ModelSizes, readPast } from "./compose_model.ts";
import type { LanguageModelDirectory, ModelDirectory } from "./directory.ts";
import type { FeedRules } from "./feeds.ts";
import { dimsOfInput, withInputDims } from "./graph_inputs.ts";
import { laterPositions, positionOffsets } from "./positions.ts";
import { ownInputs, rowsOf } from "./score_parts.ts";
import { indexVector, joinMasks, type TextBatch } from "./text_batch.ts";

/** Whether the answers of a model have to be read in a pass of their own. */
export async function answersApart(directory: LanguageModelDirectory): Promise<boolean> {
  if (directory.family.seesBothWays !== true) return false;
  const { graph } = await directory.readPart("decoder_model_merged");
  const names = graph.inputs.map(({ name }) => name);
  return !names.includes("token_type_ids") && names.some(isPast);
}

/**
 * Composes both passes. Inputs: those of {@linkcode composeModel} for images and instructions,
 * `last_index` [batch]: the last position of each instruction in the flattened [batch · sequence];
 * `answer_ids` [batch, answer − 1], `answer_mask` [batch, sequence + answer − 1] and, where the
 * decoder wants them, `answer_position_ids`. Outputs: `decoder.logits` [batch, answer, vocabulary],
 * which predict each token of an answer, and `vision.image_features`.
 */
export async function composeApart(directory: ModelDirectory, sizes: ModelSizes): Promise<Model> {
  const { batch, sequence, answer = 1 } = sizes;
  const { answer: _, ...prefixSizes } = sizes;
  const decoder = await directory.readPart("decoder_model_merged");
  const embed = await directory.readPart("embed_tokens");
  const past = decoder.graph.inputs.map(({ name }) => name).filter(isPast);
  const presents = past.map((name) => `decoder.${presentOf(name)}`);
  const whole = await composeModel(directory, prefixSizes, [
    composed.imageFeatures,
    composed.logits,
    ...presents,
  ]);
  const first = rowsOf(whole, {
    value: composed.logits,
    batch,
    sequence,
    index: "last_index",
    output: "first_logits",
  });
  const names: Readonly<Record<string, string>> = {
    inputs_embeds: "answer_embed.inputs_embeds",
    attention_mask: "answer_mask",
    position_ids: "answer_position_ids",
    ...handedOn(decoder, embed, "answer_embed"),
    ...Object.fromEntries(past.map((name, i) => [name, `prompt.${presents[i]}`])),
  };
  const next = readPast(decoder);
  const connect = Object.fromEntries(
    next.graph.inputs.map(({ name }) => [name, names[name] ?? name]),
  );
  const parts: Part[] = [
    { name: "prompt", model: first, connect: ownInputs(first) },
    { name: "answer_embed", model: embed, connect: { input_ids: "answer_ids" } },
    { name: "answers", model: next, connect },
  ];
  const sized = withAnswerDims(composeModels(parts), { batch, sequence, fed: answer - 1 });
  return finish(foldConstants(inferShapes(sized)));
}

function withAnswerDims(
  model: Model,
  { batch, sequence, fed }: Readonly<Record<"batch" | "sequence" | "fed", number>>,
): Model {
  const positions = model.graph.inputs.find(({ name }) => name === "answer_position_ids");
  const rows = positions && dimsOfInput(positions)[0] === 1 ? 1 : batch;
  return withInputDims(model, {
    answer_ids: [batch, fed],
    answer_mask: [batch, sequence + fed],
    answer_position_ids: [rows, fed],
  });
}

/** The logits behind the instruction, then those behind each token of the answer. */
function finish(model: Model): Model {
  const builder = new GraphBuilder({ model });
  const type = model.graph.outputs.find(({ name }) => name === "answers.logits")!
    .type as TensorType;
  const first = builder.op("Unsqueeze", ["prompt.first_logits", builder.int64s([1])]);
  const same = type.dtype === "float32"
    ? "answers.logits"
    : builder.op("Cast", ["answers.logits"], { to: 1 });
  builder.output(builder.op("Concat", [first, same], { axis: 1 }), composed.logits);
  builder.output(`prompt.${composed.imageFeatures}`, composed.imageFeatures);
  return pruneModel(builder.finish(), [composed.logits, composed.imageFeatures]);
}

/** What to feed the second pass, where a graph has one. */
export function answerFeeds(
  model: Model,
  { inputIds, attentionMask, decoderInputIds }: TextBatch,
  rules: FeedRules,
): Record<string, Tensor> {
  const inputs = new Map(model.graph.inputs.map((info) => [info.name, info]));
  if (!inputs.has("last_index") || decoderInputIds === undefined) return {};
  const [batch = 0, sequence = 0] = attentionMask.dims;
  const lengths = Array.from(
    { length: batch },
    (_, row) =>
      attentionMask.data.subarray(row * sequence, (row + 1) * sequence)
        .reduce((sum, value) => sum + Number(value), 0),
  );
  const fed = decoderInputIds.dims[1]!;
  const mask = joinMasks(attentionMask, { rows: 1, length: fed });
  const positions = inputs.get("answer_position_ids");
  const offsets = positionOffsets({ ids: inputIds, mask: attentionMask }, rules);
  return {
    last_index: indexVector(lengths.map((length, row) => row * sequence + length - 1)),
    ...(inputs.has("answer_ids") ? { answer_ids: decoderInputIds } : {}),
    ...(inputs.has("answer_mask") ? { answer_mask: mask } : {}),
    ...(positions === undefined
      ? {}
      : { answer_position_ids: laterPositions(dimsOfInput(positions), mask, fed, offsets) }),
  };
}
