/**
 * Reads a pretrained vision encoder of the zoo: its sizes, the statistics of its pixels and its
 * weights.
 *
 * @module
 */
import { join } from "@std/path";
import { z } from "zod";
import { activations } from "../zoo/layers.ts";
import type { EncoderKind, EncoderSizes } from "../zoo/vision_encoder.ts";
import { readModelJson, unreadable } from "../models/model_file.ts";
import { tensorFromWeight } from "../onnx/ir/weight.ts";
import { readModelFile } from "../runtime/read_model.ts";
import { readRange } from "../runtime/weight_files.ts";
import { castTensor } from "../tensor/convert.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { PixelStatistics } from "./pretrain_images.ts";

/** A pretrained encoder. */
export interface PretrainedEncoder {
  readonly sizes: EncoderSizes;
  readonly pixels: PixelStatistics;
  readonly weights: Readonly<Record<string, Tensor>>;
}

const count = z.int().min(1);
const activation = z.enum(Object.keys(activations) as [keyof typeof activations]);

const sizesOf = {
  clip_vision_model: z.object({
    model_type: z.literal("clip_vision_model"),
    image_size: count,
    patch_size: count,
    hidden_size: count,
    intermediate_size: count,
    num_hidden_layers: count,
    num_attention_heads: count,
    hidden_act: activation,
    stem: z.literal("convnext"),
  }),
  convnext: z.object({
    model_type: z.literal("convnext"),
    image_size: count,
    patch_size: count,
    hidden_sizes: z.array(count),
    depths: z.array(count),
    hidden_act: activation,
  }),
  resnet: z.object({
    model_type: z.literal("resnet"),
    image_size: count,
    embedding_size: count,
    hidden_sizes: z.array(count),
    depths: z.array(count),
    groups: count,
  }),
} satisfies Record<EncoderKind, z.ZodType<EncoderSizes>>;

const kindOnly = z.object({
  model_type: z.enum(Object.keys(sizesOf) as [EncoderKind, ...EncoderKind[]], {
    error: Object.keys(sizesOf).join(", "),
  }),
});

const channels = z.array(z.number()).length(3);
const pixelsSchema = z.object({ image_mean: channels, image_std: channels });

/** A JSON file of the encoder, which has to be there. */
async function readOwn<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const value = await readModelJson(path, schema);
  if (value === undefined) throw unreadable(path, "there is no such file", ...what);
  return value;
}

const what = ["A language model is built on an encoder that pretrain-encoder has trained"];

/**
 * Reads the model directory of an encoder. Weights stored in float16 are cast.
 *
 * @throws {DiagnosticError} If it is a model of another kind, or cannot be read.
 */
export async function readEncoder(path: string): Promise<PretrainedEncoder> {
  const config = join(path, "config.json");
  const { model_type: kind } = await readOwn(config, kindOnly);
  const sizes: EncoderSizes = await readOwn<EncoderSizes>(config, sizesOf[kind]);
  const pixels = await readOwn(join(path, "preprocessor_config.json"), pixelsSchema);
  const { graph } = await readModelFile(join(path, "onnx", "model.onnx"));
  const weights = Object.fromEntries(
    [...graph.initializers].map(([name, weight]) => {
      const value = tensorFromWeight(weight, readRange);
      return [name, value.dtype === "float16" ? castTensor(value, "float32") : value];
    }),
  );
  return { sizes, pixels, weights };
}
