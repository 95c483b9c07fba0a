/**
 * Reads a pretrained vision encoder of the zoo: its sizes, the statistics of its pixels and its
 * weights.
 *
 * @module
 */
import { join } from "@std/path";
import { z } from "zod";
import { activations } from "../zoo/layers.ts";
import type { EncoderSizes } from "../zoo/vision_encoder.ts";
import { decodeModel } from "../onnx/codec/decode.ts";
import { tensorFromWeight } from "../onnx/ir/weight.ts";
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

const sizesSchema: z.ZodType<EncoderSizes> = z.discriminatedUnion("model_type", [
  z.object({
    model_type: z.literal("clip_vision_model"),
    image_size: count,
    patch_size: count,
    hidden_size: count,
    intermediate_size: count,
    num_hidden_layers: count,
    num_attention_heads: count,
    hidden_act: activation,
    stem: z.enum(["convolutions", "patches"]).default("convolutions"),
  }),
  z.object({
    model_type: z.literal("convnext"),
    image_size: count,
    patch_size: count,
    hidden_sizes: z.array(count),
    depths: z.array(count),
    hidden_act: activation,
  }),
  z.object({
    model_type: z.literal("resnet"),
    image_size: count,
    embedding_size: count,
    hidden_sizes: z.array(count),
    depths: z.array(count),
    groups: count,
  }),
]);

const channels = z.array(z.number()).length(3);
const pixelsSchema = z.object({ image_mean: channels, image_std: channels });

async function readJson<T>(path: string, file: string, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(JSON.parse(await Deno.readTextFile(join(path, file))));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new RangeError(
    `Cannot build on the encoder: "${issue!.path.join(".")}" of its ${file} is not what ` +
      `pretrain-model writes for an encoder: ${issue!.message}`,
  );
}

/**
 * Reads the model directory of an encoder.
 *
 * @throws {RangeError} If it is a model of another kind.
 */
export async function readEncoder(path: string): Promise<PretrainedEncoder> {
  const sizes = await readJson(path, "config.json", sizesSchema);
  const pixels = await readJson(path, "preprocessor_config.json", pixelsSchema);
  const { graph } = decodeModel(await Deno.readFile(join(path, "onnx", "model.onnx")));
  const weights = Object.fromEntries(
    [...graph.initializers].map(([name, weight]) => [name, tensorFromWeight(weight)]),
  );
  return { sizes, pixels, weights };
}
