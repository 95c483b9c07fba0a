/** Vision encoders of either kind: a vision transformer or a ConvNeXt. @module */
import { GraphBuilder, type Value } from "../onnx/build/builder.ts";
import type { Model } from "../onnx/ir/model.ts";
import { type ConvNextSizes, convNextTokens, lastMap } from "./convnext.ts";
import { type Module, moduleOn, type WeightSource } from "./module.ts";
import { patchCount, pixelInput, type VisionSizes, visionTokens } from "./vision_transformer.ts";

/** Sizes of a vision encoder. */
export type EncoderSizes = VisionSizes | ConvNextSizes;

/** Whether an encoder is a ConvNeXt. */
export function isConvNext(sizes: EncoderSizes): sizes is ConvNextSizes {
  return "depths" in sizes;
}

/** What an encoder gives: `first` tokens that are not places, then `side`² places, of `width` each. */
export interface TokenLayout {
  readonly first: 0 | 1;
  readonly side: number;
  readonly width: number;
}

/** The layout of an encoder's tokens; a vision transformer has a class token. */
export function tokenLayout(sizes: EncoderSizes): TokenLayout {
  return isConvNext(sizes)
    ? { first: 0, side: lastMap(sizes), width: sizes.hidden_sizes.at(-1)! }
    : { first: 1, side: Math.sqrt(patchCount(sizes)), width: sizes.hidden_size };
}

/** Number of tokens. */
export function tokenCount(sizes: EncoderSizes): number {
  const { first, side } = tokenLayout(sizes);
  return first + side ** 2;
}

/**
 * Appends an encoder: `[batch, 3, S, S]` normalised pixels → `[batch, tokens, width]`. `kept` drops
 * tokens of a vision transformer in training.
 */
export function encoderTokens(
  module: Module,
  pixels: Value,
  sizes: EncoderSizes,
  options: { readonly kept?: Value } = {},
): Value {
  return isConvNext(sizes)
    ? convNextTokens(module, pixels, sizes)
    : visionTokens(module, pixels, sizes, options);
}

/** The published graph of an encoder alone: `pixel_values` → `last_hidden_state`. */
export function visionEncoder(sizes: EncoderSizes, weights: WeightSource): Model {
  const builder = new GraphBuilder();
  const tokens = encoderTokens(moduleOn(builder, weights), pixelInput(builder, sizes), sizes);
  builder.output(tokens, "last_hidden_state");
  return builder.finish();
}
