/**
 * One graph of a multimodal language model: pixels and token ids in, logits out. The parts are the
 * files of its directory; between them image features take the places of the placeholder tokens.
 *
 * @module
 */
import { GraphBuilder, type Value } from "../onnx/build/builder.ts";
import { composeModels, type Part } from "../onnx/passes/compose.ts";
import { dataTypeOf, isDType } from "../onnx/ir/data_type.ts";
import { foldConstants } from "../onnx/passes/fold_constants.ts";
import { inferShapes } from "../onnx/infer/infer_shapes.ts";
import { pruneModel } from "../onnx/passes/prune.ts";
import { simplifyModel } from "../onnx/passes/simplify_model.ts";
import type { Dim, Model, ValueInfo, Weight } from "../onnx/ir/model.ts";
import { weightFromTensor } from "../onnx/ir/weight.ts";
import type { DType } from "../tensor/dtype.ts";
import { sizeOf, tensor } from "../tensor/tensor.ts";
import { branchInput, isKeyOrValue, isPast } from "./cached_states.ts";
import type { ModelDirectory } from "./directory.ts";
import type { ModelSizes } from "./model_sizes.ts";
import { cannotCompose } from "./part_interface.ts";
import { cutsImages, gathersImages, visionParts } from "./vision_parts.ts";
import {
  bindInputs,
  dimsOfInput,
  dtypeOfInput,
  withInputDims,
  zeroWeight,
} from "./graph_inputs.ts";

export type { ImageSizes, ModelSizes } from "./model_sizes.ts";

/** Value names inside a composed graph. */
export const composed = {
  logits: "decoder.logits",
  imageFeatures: "vision.image_features",
} as const;

/**
 * Composes the parts of a directory.
 *
 * Inputs: `pixel_values`; `input_ids` and `attention_mask` [batch, sequence]; where the decoder
 * wants them `position_ids`; `image_index` [batch · imageTokens] unless `imageStart` is given;
 * `qformer_input_ids`, `qformer_attention_mask`; `decoder_input_ids` of encoder-decoder models.
 * The past of the decoder is empty.
 *
 * @param outputs Outputs to keep, `part.output`; default all.
 * @returns A graph with inferred shapes whose outputs are those of its parts, `part.output`.
 */
export async function composeModel(
  directory: ModelDirectory,
  sizes: ModelSizes,
  outputs?: readonly string[],
): Promise<Model> {
  const encoderDecoder = directory.has("encoder_model");
  const vision = await directory.readPart("vision_encoder");
  const embed = await directory.readPart("embed_tokens");
  const decoder = bindPast(await directory.readPart("decoder_model_merged"), sizes.batch);
  const parts: Part[] = [
    ...visionParts(vision, sizes),
    { name: "embed", model: embed, connect: { input_ids: "input_ids" } },
    placement(vision, embed, sizes),
    ...encoderDecoder
      ? await encoderDecoderParts(directory, embed, decoder)
      : [decoderOnlyPart(decoder, { vision, embed })],
  ];
  const composed = composeModels(parts);
  // What is not asked for may not fit the sizes.
  const whole = outputs === undefined ? composed : pruneModel(composed, outputs);
  const sized = inferShapes(withInputDims(whole, inputDims(whole, sizes)));
  return simplifyModel(foldConstants(sized));
}

/** Inputs keep their own names in the whole. */
function shared(model: Model): Record<string, string> {
  return Object.fromEntries(model.graph.inputs.map(({ name }) => [name, name]));
}

function decoderOnlyPart(decoder: Model, before: { vision: Model; embed: Model }): Part {
  const connect = {
    ...shared(decoder),
    ...handedOn(decoder, before.vision, "vision"),
    ...handedOn(decoder, before.embed, "embed"),
    inputs_embeds: "place.inputs_embeds",
  };
  return { name: "decoder", model: decoder, connect };
}

/** Outputs of an earlier part that the decoder reads by their names, such as `per_layer_inputs`. */
export function handedOn(decoder: Model, from: Model, part: string): Record<string, string> {
  const outputs = new Set(from.graph.outputs.map(({ name }) => name));
  return Object.fromEntries(
    decoder.graph.inputs.filter(({ name }) => outputs.has(name))
      .map(({ name }) => [name, `${part}.${name}`]),
  );
}

async function encoderDecoderParts(
  directory: ModelDirectory,
  embed: Model,
  decoder: Model,
): Promise<Part[]> {
  const encoder = await directory.readPart("encoder_model");
  const answerEmbed = await readAnswerEmbed(directory, embed);
  const connect = {
    ...shared(decoder),
    ...ofInputs(decoder, {
      inputs_embeds: "answer_embed.inputs_embeds",
      encoder_hidden_states: "encoder.last_hidden_state",
      encoder_attention_mask: "attention_mask",
    }),
  };
  return [
    {
      name: "encoder",
      model: encoder,
      connect: { ...shared(encoder), inputs_embeds: "place.inputs_embeds" },
    },
    { name: "answer_embed", model: answerEmbed, connect: { input_ids: "decoder_input_ids" } },
    { name: "decoder", model: decoder, connect },
  ];
}

/** The table of embeddings of answers: their own, if they have one, else that of all texts. */
export async function readAnswerEmbed(directory: ModelDirectory, embed: Model): Promise<Model> {
  const part = "decoder_embed_tokens";
  return directory.has(part) ? await directory.readPart(part) : embed;
}

/** What is for inputs that a model has. */
export function ofInputs(
  { graph }: Model,
  connect: Readonly<Record<string, string>>,
): Record<string, string> {
  const names = new Set(graph.inputs.map(({ name }) => name));
  return Object.fromEntries(Object.entries(connect).filter(([name]) => names.has(name)));
}

/** The part that puts image features in the places of placeholder tokens. */
function placement(vision: Model, embed: Model, sizes: ModelSizes): Part {
  const { batch, sequence, imageTokens, imageStart } = sizes;
  const builder = new GraphBuilder({ opset: 18 });
  const [text, features] = [
    outputType(embed, "inputs_embeds"),
    outputType(vision, "image_features"),
  ];
  const width = text.dims?.at(-1) ?? features.dims?.at(-1) ?? "width";
  const words = builder.input("text", text.dtype, [batch, sequence, width]);
  const image = builder.input("features", features.dtype, featureDims(features, sizes, width));
  const same = text.dtype === features.dtype
    ? image
    : builder.op("Cast", [image], { to: dataTypeOf[text.dtype] });
  const placed = imageStart === undefined
    ? scatter(builder, words, same, sizes, width)
    : splice(builder, words, perImage(builder, same, sizes), {
      start: imageStart,
      end: imageStart + imageTokens,
      sequence,
    });
  builder.output(placed, "inputs_embeds");
  const connect = {
    text: "embed.inputs_embeds",
    features: composed.imageFeatures,
    ...(imageStart === undefined ? { image_index: "image_index" } : {}),
  };
  return { name: "place", model: builder.finish(), connect };
}

/** Rows of image features of the whole batch. */
function imageRowsOf({ batch, imageTokens, imageRows }: ModelSizes): number {
  return imageRows ?? batch * imageTokens;
}

/** Shape of the features as the encoder gives them: per image, per tile, or all rows in one. */
function featureDims(
  { dims }: { readonly dims?: readonly Dim[] },
  sizes: ModelSizes,
  width: Dim,
): readonly Dim[] {
  if (dims?.length === 2 || gathersImages(sizes)) return [imageRowsOf(sizes), width];
  const tiles = sizes.image?.encoder.pixels[0] ?? 1;
  if (tiles === 1 && dims?.length === 3 && !cutsImages(sizes)) {
    return [sizes.batch, sizes.imageTokens, width];
  }
  return ["tiles", "rows", width];
}

/** Features as [batch, rows of an image, width]. */
function perImage(builder: GraphBuilder, features: Value, sizes: ModelSizes): Value {
  const { batch, imageTokens } = sizes;
  const dims = builder.dims(features);
  if (dims?.length === 3 && dims[0] === batch && dims[1] === imageTokens) return features;
  return builder.op("Reshape", [features, builder.int64s([batch, imageTokens, -1])]);
}

/** Declared type of an output, which {@linkcode checkInterface} has seen to be there. */
function outputType(model: Model, name: string): { dtype: DType; dims?: readonly Dim[] } {
  const type = model.graph.outputs.find((info) => info.name === name)?.type;
  if (type?.kind === "tensor" && isDType(type.dtype)) {
    return { dtype: type.dtype, ...(type.dims === undefined ? {} : { dims: type.dims }) };
  }
  const found = model.graph.outputs.map((info) => `"${info.name}"`).join(", ");
  throw cannotCompose(`expected output "${name}", found ${found}`);
}

/** [text before, features, text after] along the sequence. */
function splice(
  builder: GraphBuilder,
  text: Value,
  features: Value,
  { start, end, sequence }: {
    readonly start: number;
    readonly end: number;
    readonly sequence: number;
  },
): Value {
  const slice = (from: number, to: number) =>
    builder.op("Slice", [
      text,
      builder.int64s([from]),
      builder.int64s([to]),
      builder.int64s([1]),
    ]);
  const pieces = [
    ...(start > 0 ? [slice(0, start)] : []),
    features,
    ...(end < sequence ? [slice(end, sequence)] : []),
  ];
  return pieces.length === 1 ? pieces[0]! : builder.op("Concat", pieces, { axis: 1 });
}

/** Rows of the features, in order, to the positions in `image_index`. */
function scatter(
  builder: GraphBuilder,
  text: Value,
  features: Value,
  sizes: ModelSizes,
  width: Dim,
): Value {
  const { batch, sequence } = sizes;
  const count = imageRowsOf(sizes);
  const index = builder.input("image_index", "int64", [count]);
  const known = typeof width === "number" ? width : -1;
  const flat = builder.op("Reshape", [text, builder.int64s([batch * sequence, known])]);
  const rows = builder.op("Reshape", [features, builder.int64s([count, known])]);
  const places = builder.op("Unsqueeze", [index, builder.int64s([1])]);
  const merged = builder.op("ScatterND", [flat, places, rows]);
  return builder.op("Reshape", [merged, builder.int64s([batch, sequence, known])]);
}

/** Inputs of decoders that have one value here, by name. */
const fixedInputs: Readonly<Record<string, (info: ValueInfo, onPast: boolean) => Weight>> = {
  [branchInput]: (_, onPast) =>
    weightFromTensor(tensor("bool", [1], Uint8Array.of(onPast ? 1 : 0))),
  num_logits_to_keep: (info) =>
    zeroWeight(dtypeOfInput(info), dimsOfInput(info).length === 0 ? [] : [1]),
};

/** Whether a decoder has a graph for the first run and another one for runs on a past. */
export function isMerged({ graph }: Model): boolean {
  return graph.inputs.some(({ name }) => name === branchInput);
}

/** A decoder that reads its past; `onPast` false takes a merged decoder's graph for the first run. */
export function readPast(decoder: Model, onPast = true): Model {
  const fixed = decoder.graph.inputs.filter(({ name }) => Object.hasOwn(fixedInputs, name));
  return bindInputs(
    decoder,
    Object.fromEntries(fixed.map((info) => [info.name, fixedInputs[info.name]!(info, onPast)])),
  );
}

/** A decoder without a past: its past is a constant of length 0. */
export function bindPast(decoder: Model, batch: number): Model {
  const weights: Record<string, Weight> = {};
  for (const info of decoder.graph.inputs) {
    if (!isPast(info.name)) continue;
    weights[info.name] = zeroWeight(dtypeOfInput(info), emptyDims(info, batch));
  }
  return bindInputs(readPast(decoder, false), weights);
}

/** Numbers of a past that is declared with a fixed length; it becomes a constant of the graph. */
const largestPast = 2 ** 26;

/**
 * Shape of an empty past: the batch first, numbers as they are declared, 0 for all that is open.
 *
 * @throws {DiagnosticError} If keys or values do not say their heads and their width, or are too large.
 */
export function emptyDims(info: ValueInfo, batch: number): readonly number[] {
  const dims = dimsOfInput(info);
  const open = dims.findIndex((dim, i) =>
    typeof dim !== "number" && i > 0 && (i !== 2 || dims.length !== 4)
  );
  if (open >= 0 && isKeyOrValue(info.name)) {
    throw cannotCompose(`input "${info.name}" does not declare its heads and their width`);
  }
  const sizes = dims.map((dim, i) => i === 0 ? batch : typeof dim === "number" ? dim : 0);
  if (sizeOf(sizes) <= largestPast) return sizes;
  throw cannotCompose(`input "${info.name}" declares a past of ${sizes.join("×")} numbers`);
}

/** @throws {DiagnosticError} If nothing says how the encoder's images are cut up. */
function wholeImage(declared: readonly Dim[]): readonly Dim[] {
  if (declared.length === 4) return declared;
  throw cannotCompose(
    `pixel_values are [${declared}], and the configuration does not say how to cut images up`,
  );
}

/** Shapes of the whole's inputs. */
function inputDims(model: Model, sizes: ModelSizes): Record<string, readonly Dim[]> {
  const { batch, sequence, answer = 0, qformer = 0 } = sizes;
  const table: Record<string, (declared: readonly Dim[]) => readonly Dim[]> = {
    pixel_values: (declared) => [
      batch,
      ...sizes.image?.dims ?? wholeImage(declared).slice(1),
    ],
    input_ids: () => [batch, sequence],
    attention_mask: () => [batch, sequence],
    position_ids: (declared) =>
      declared.length === 3
        ? [declared[0]!, batch, sequence]
        : [declared[0] === 1 ? 1 : batch, sequence],
    token_type_ids: () => [batch, sequence],
    image_index: () => [imageRowsOf(sizes)],
    decoder_input_ids: () => [batch, answer],
    decoder_attention_mask: () => [batch, answer],
    qformer_input_ids: () => [batch, qformer],
    qformer_attention_mask: () => [batch, qformer],
  };
  return Object.fromEntries(model.graph.inputs.map((info) => {
    const given = sizes.inputDims?.[info.name];
    if (given !== undefined) return [info.name, given];
    const dims = table[info.name];
    if (dims !== undefined) return [info.name, dims(dimsOfInput(info))];
    throw cannotCompose(
      `there is no value for input "${info.name}", known inputs are ${
        Object.keys(table).join(", ")
      }`,
    );
  }));
}
