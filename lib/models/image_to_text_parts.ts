/**
 * The usual parts of a model that reads an image with an encoder and answers with a decoder of ids,
 * without a text in between: what the files lack is made here.
 *
 * @module
 */
import { GraphBuilder } from "../onnx/build/builder.ts";
import { dataTypeOf } from "../onnx/ir/data_type.ts";
import { inferShapes } from "../onnx/infer/infer_shapes.ts";
import type { Dim, Model, Node, TensorType, ValueInfo } from "../onnx/ir/model.ts";
import { weightFromTensor } from "../onnx/ir/weight.ts";
import { pruneModel } from "../onnx/passes/prune.ts";
import { tensor } from "../tensor/tensor.ts";
import type { MadeParts } from "./families/family.ts";
import { cannotCompose } from "./part_interface.ts";

/** Of `encoder_model` and `decoder_model_merged`. */
export const imageToTextParts: MadeParts = {
  vision_encoder: async (read) => withFeatures(await read("encoder_model")),
  embed_tokens: async (read) => emptyText(await read("encoder_model")),
  encoder_model: async (read) => passing(await read("encoder_model")),
  decoder_embed_tokens: () => Promise.resolve(idsAsEmbeddings()),
  decoder_model_merged: async (read) => readingIds(await read("decoder_model_merged")),
};

const states = "last_hidden_state";
const textDims: readonly Dim[] = ["batch_size", "sequence_length"];

/** The encoder's states are the image features. */
function withFeatures(encoder: Model): Model {
  const builder = new GraphBuilder({ model: encoder });
  builder.output(states, "image_features");
  return pruneModel(builder.finish(), ["image_features"]);
}

/** There is no text: its places are empty. */
function emptyText(encoder: Model): Model {
  const width = widthOf(encoder);
  const builder = new GraphBuilder({ opset: 18 });
  const ids = builder.input("input_ids", "int64", textDims);
  const shape = builder.op("Concat", [builder.op("Shape", [ids]), builder.int64s([width])], {
    axis: 0,
  });
  builder.output(
    builder.op("Expand", [builder.constant(tensor("float32", [1], new Float32Array(1))), shape]),
    "inputs_embeds",
  );
  return builder.finish();
}

/** The features are what the decoder reads. */
function passing(encoder: Model): Model {
  const width = widthOf(encoder);
  const builder = new GraphBuilder({ opset: 18 });
  const embeds = builder.input("inputs_embeds", "float32", [...textDims, width]);
  builder.output(builder.op("Identity", [embeds]), states);
  return builder.finish();
}

/** Ids in the place of embeddings, for a decoder that has its table inside. */
function idsAsEmbeddings(): Model {
  const builder = new GraphBuilder({ opset: 18 });
  const ids = builder.input("input_ids", "int64", textDims);
  const column = builder.op("Unsqueeze", [ids, builder.int64s([2])]);
  builder.output(builder.op("Cast", [column], { to: dataTypeOf.float32 }), "inputs_embeds");
  return builder.finish();
}

/** The decoder with `inputs_embeds` that are ids. */
function readingIds(decoder: Model): Model {
  const { graph } = decoder;
  const ids = graph.inputs.find(({ name }) => name === "input_ids");
  if (ids === undefined) return decoder;
  const dims = [...(ids.type as TensorType).dims ?? textDims, 1];
  const embeds: ValueInfo = {
    name: "inputs_embeds",
    type: { kind: "tensor", dtype: "float32", dims },
  };
  const initializers = new Map(graph.initializers);
  initializers.set("ids.shape", weightFromTensor(tensor("int64", [2], BigInt64Array.of(0n, -1n))));
  const step = (opType: string, inputs: readonly string[], output: string, to?: number): Node => ({
    name: output,
    opType,
    domain: "",
    inputs,
    outputs: [output],
    attributes: to === undefined ? {} : { to: { type: "int", value: to } },
  });
  const steps = [
    step("Reshape", [embeds.name, "ids.shape"], "ids.row"),
    step("Cast", ["ids.row"], ids.name, dataTypeOf.int64),
  ];
  return {
    ...decoder,
    graph: {
      ...graph,
      initializers,
      inputs: [embeds, ...graph.inputs.filter((info) => info !== ids)],
      nodes: [...steps, ...graph.nodes],
    },
  };
}

/** Width of what the encoder gives. @throws {DiagnosticError} If it does not say. */
function widthOf(encoder: Model): number {
  const { graph } = inferShapes(encoder);
  const type = graph.outputs.find(({ name }) => name === states)?.type;
  const width = type?.kind === "tensor" ? type.dims?.at(-1) : undefined;
  if (typeof width === "number") return width;
  throw cannotCompose(`encoder_model does not say the width of "${states}"`);
}
