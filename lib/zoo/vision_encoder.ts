/** Vision encoders of any kind: a vision transformer, a ConvNeXt or a ResNet. @module */
import { GraphBuilder, type Value } from "../onnx/build/builder.ts";
import type { Model } from "../onnx/ir/model.ts";
import { type ConvNextSizes, convNextTokens, lastMap } from "./convnext.ts";
import { type Module, moduleOn, type WeightSource } from "./module.ts";
import { lastSide, type ResNetSizes, resNetTokens } from "./resnet.ts";
import { patchCount, pixelInput, type VisionSizes, visionTokens } from "./vision_transformer.ts";

/** Sizes of a vision encoder. */
export type EncoderSizes = VisionSizes | ConvNextSizes | ResNetSizes;

/** Kind of a vision encoder, as `model_type` of its configuration. */
export type EncoderKind = EncoderSizes["model_type"];

/** Whether an encoder works on tokens from its first layer on, so that some can be dropped. */
export function isTransformer(sizes: EncoderSizes): sizes is VisionSizes {
  return sizes.model_type === "clip_vision_model";
}

/** What an encoder gives: `first` tokens that are not places, then `side`² places, of `width` each. */
export interface TokenLayout {
  readonly first: 0 | 1;
  readonly side: number;
  readonly width: number;
}

/** How an encoder of a kind is built, and what it gives. */
interface EncoderKindRow<S> {
  readonly tokens: (
    module: Module,
    pixels: Value,
    sizes: S,
    options: { readonly kept?: Value },
  ) => Value;
  readonly layout: (sizes: S) => TokenLayout;
}

type EncoderKinds = {
  readonly [K in EncoderKind]: EncoderKindRow<Extract<EncoderSizes, { model_type: K }>>;
};

const kinds: EncoderKinds = {
  clip_vision_model: {
    tokens: visionTokens,
    layout: (sizes) => ({ first: 1, side: Math.sqrt(patchCount(sizes)), width: sizes.hidden_size }),
  },
  convnext: {
    tokens: (module, pixels, sizes) => convNextTokens(module, pixels, sizes),
    layout: (sizes) => ({ first: 0, side: lastMap(sizes), width: sizes.hidden_sizes.at(-1)! }),
  },
  resnet: {
    tokens: resNetTokens,
    layout: (sizes) => ({ first: 0, side: lastSide(sizes), width: sizes.hidden_sizes.at(-1)! }),
  },
};

/** The row of an encoder's kind, which takes just its sizes. */
function kindOf(sizes: EncoderSizes): EncoderKindRow<EncoderSizes> {
  return kinds[sizes.model_type] as EncoderKindRow<EncoderSizes>;
}

/** The layout of an encoder's tokens; a vision transformer has a class token. */
export function tokenLayout(sizes: EncoderSizes): TokenLayout {
  return kindOf(sizes).layout(sizes);
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
  return kindOf(sizes).tokens(module, pixels, sizes, options);
}

/** The published graph of an encoder alone: `pixel_values` → `last_hidden_state`. */
export function visionEncoder(sizes: EncoderSizes, weights: WeightSource): Model {
  const builder = new GraphBuilder();
  const tokens = encoderTokens(moduleOn(builder, weights), pixelInput(builder, sizes), sizes);
  builder.output(tokens, "last_hidden_state");
  return builder.finish();
}
