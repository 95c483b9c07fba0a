/**
 * The usual parts of Janus as transformers.js has it (`multi_modality`): one graph looks tokens up,
 * encodes images and puts their features between; the head of the language model is apart.
 *
 * @module
 */
import { GraphBuilder } from "../onnx/build/builder.ts";
import { composeModels } from "../onnx/passes/compose.ts";
import type { Model, TensorType } from "../onnx/ir/model.ts";
import { pruneModel } from "../onnx/passes/prune.ts";
import { tensor } from "../tensor/tensor.ts";
import type { MadeParts } from "./families/family.ts";
import { numberIn } from "./families/family.ts";
import { cannotCompose } from "./part_interface.ts";
import { tokenEmbeddings } from "./token_embeddings.ts";

/** Of `prepare_inputs_embeds`, `language_model` and `lm_head`. */
export const multiModalityParts: MadeParts = {
  vision_encoder: async (read, processor) =>
    imageFeatures(
      await read("prepare_inputs_embeds"),
      numberIn(processor, "num_image_tokens") ?? 576,
    ),
  embed_tokens: async (read) => tokenEmbeddings(await read("prepare_inputs_embeds")),
  decoder_model_merged: async (read) =>
    withHead(await read("language_model"), await read("lm_head")),
};

/** What stands in the places of image tokens where there are no others. */
function imageFeatures(prepare: Model, tokens: number): Model {
  const builder = new GraphBuilder({ opset: 18 });
  const pixelType = typeOf(prepare, "pixel_values");
  const [height = "height", width = "width"] = pixelType.dims?.slice(-2) ?? [];
  const pixels = builder.input("pixel_values", "float32", ["batch", 3, height, width]);
  const batch = builder.op("Shape", [pixels], { start: 0, end: 1 });
  const filled = (value: Uint8Array | BigInt64Array, dims: readonly number[]) => {
    const one = value instanceof Uint8Array
      ? builder.constant(tensor("bool", [1], value))
      : builder.constant(tensor("int64", [1], value));
    return builder.op("Expand", [
      one,
      builder.op("Concat", [batch, builder.int64s(dims)], { axis: 0 }),
    ]);
  };
  builder.output(builder.op("Unsqueeze", [pixels, builder.int64s([1])]), "images");
  builder.output(filled(BigInt64Array.of(0n), [tokens]), "ids");
  builder.output(filled(Uint8Array.of(1), [tokens]), "sequence");
  builder.output(filled(Uint8Array.of(1), [1, tokens]), "embeddings");
  const whole = composeModels([
    { name: "ask", model: builder.finish(), connect: { pixel_values: "pixel_values" } },
    {
      name: "prepare",
      model: prepare,
      connect: {
        pixel_values: "ask.images",
        input_ids: "ask.ids",
        images_seq_mask: "ask.sequence",
        images_emb_mask: "ask.embeddings",
      },
    },
  ]);
  return withOutputs(whole, { "prepare.inputs_embeds": "image_features" });
}

/** The language model with its head: `logits`, and what it keeps. */
function withHead(language: Model, head: Model): Model {
  const own = Object.fromEntries(language.graph.inputs.map(({ name }) => [name, name]));
  const states = language.graph.outputs.map(({ name }) => name);
  const [asked] = head.graph.inputs;
  const given = states.find((name) => name === asked?.name) ?? states[0]!;
  const whole = composeModels([
    { name: "language", model: language, connect: own },
    { name: "head", model: head, connect: { [asked!.name]: `language.${given}` } },
  ]);
  const logits = head.graph.outputs[0]!.name;
  const kept = states.filter((name) => name.startsWith("present"));
  return withOutputs(whole, {
    [`head.${logits}`]: "logits",
    ...Object.fromEntries(kept.map((name) => [`language.${name}`, name])),
  });
}

function withOutputs(model: Model, names: Readonly<Record<string, string>>): Model {
  const builder = new GraphBuilder({ model });
  for (const [value, name] of Object.entries(names)) builder.output(value, name);
  return pruneModel(builder.finish(), Object.values(names));
}

function typeOf({ graph }: Model, input: string): TensorType {
  const type = graph.inputs.find(({ name }) => name === input)?.type;
  if (type?.kind === "tensor") return type;
  throw cannotCompose(`prepare_inputs_embeds has no input "${input}"`);
}
