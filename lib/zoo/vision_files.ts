/** The files of a model directory, and those of a vision encoder alone. @module */
import type { Model } from "../onnx/ir/model.ts";
import type { WeightSource } from "./module.ts";
import { type EncoderKind, type EncoderSizes, visionEncoder } from "./vision_encoder.ts";

/** JSON files by name, and graphs by the name of their file in `onnx/`. */
export interface DirectoryFiles {
  readonly json: Readonly<Record<string, unknown>>;
  readonly graphs: Readonly<Record<string, Model>>;
}

/** Settings of a network, beside its weights. */
export interface NetworkPlan<S> {
  readonly sizes: S;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Normalisation of the pixels, in the words of preprocessor_config.json. */
export interface PixelNormalisation {
  readonly image_mean: readonly number[];
  readonly image_std: readonly number[];
}

/** preprocessor_config.json. */
export function preprocessor(type: string, size: number, pixels: PixelNormalisation): unknown {
  return {
    do_convert_rgb: true,
    do_normalize: true,
    do_rescale: true,
    do_resize: true,
    image_mean: pixels.image_mean,
    image_processor_type: type,
    image_std: pixels.image_std,
    resample: 3,
    rescale_factor: 1 / 255,
    size: { height: size, width: size },
  };
}

/** What the published configurations of each kind say beside its sizes. */
const visionConfigs: Readonly<Record<EncoderKind, object>> = {
  clip_vision_model: { layer_norm_eps: 1e-5 },
  convnext: { layer_scale_init_value: 1, layer_norm_eps: 1e-5 },
  resnet: { layer_type: "basic", hidden_act: "relu" },
};

/** The configuration of a vision encoder. */
export function visionConfig(sizes: EncoderSizes): object {
  const { model_type, ...others } = sizes;
  const stages = "depths" in sizes ? { num_stages: sizes.depths.length } : {};
  return { model_type, ...stages, num_channels: 3, ...visionConfigs[model_type], ...others };
}

/** The files of an encoder alone. */
export function encoderFiles(
  vision: EncoderSizes,
  weights: WeightSource,
  pixels: PixelNormalisation,
): DirectoryFiles {
  return {
    json: {
      "config.json": visionConfig(vision),
      "preprocessor_config.json": preprocessor("CLIPImageProcessor", vision.image_size, pixels),
    },
    graphs: { model: visionEncoder(vision, weights) },
  };
}
