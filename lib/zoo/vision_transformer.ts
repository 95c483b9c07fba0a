/** A small vision transformer, and the vision half of a CLIP. @module */
import { GraphBuilder, type Value } from "../onnx/build/builder.ts";
import type { Dim, Model } from "../onnx/ir/model.ts";
import { convNextTokens } from "./convnext.ts";
import { type Activation, attention, layerNorm, linear, mlp, repeatTokens } from "./layers.ts";
import { type Module, moduleOn, parameter, type WeightSource } from "./module.ts";

/** Sizes of a vision transformer, in the words of config.json. */
export interface VisionSizes {
  readonly model_type: "clip_vision_model";
  readonly image_size: number;
  readonly patch_size: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly hidden_act: Activation;
  /** How pixels become tokens: by stages of a ConvNeXt, as arXiv 2106.14881 does by convolutions. */
  readonly stem: "convnext";
}

/** Number of patches of an image. */
export function patchCount({ image_size, patch_size }: VisionSizes): number {
  return (image_size / patch_size) ** 2;
}

/** Two stages of a ConvNeXt, a layer each: `[batch, 3, S, S]` → `[batch, (S/p)², width]`. */
function convNextPatches(module: Module, prefix: string, pixels: Value, sizes: VisionSizes): Value {
  const { image_size, patch_size, hidden_size: width, hidden_act } = sizes;
  const stages = { hidden_sizes: [width / 4, width], depths: [1, 1], hidden_act };
  const first = { image_size, patch_size: patch_size / 2 };
  return convNextTokens(module, pixels, { ...first, ...stages }, { prefix });
}

/** A pre-norm transformer layer. */
function layer(module: Module, name: string, x: Value, sizes: VisionSizes): Value {
  const { builder: b } = module;
  const { hidden_size: width, num_hidden_layers: depth } = sizes;
  const std = width ** -0.5 * (2 * depth) ** -0.5; // as in GPT-2: the sum of the residuals keeps its scale
  const mixed = attention(
    module,
    `${name}.self_attn`,
    layerNorm(module, `${name}.layer_norm1`, x, width),
    { width, heads: sizes.num_attention_heads, std },
  );
  const y = b.op("Add", [x, mixed]);
  const change = mlp(
    module,
    [`${name}.mlp.fc1`, `${name}.mlp.fc2`],
    layerNorm(module, `${name}.layer_norm2`, y, width),
    {
      from: width,
      hidden: sizes.intermediate_size,
      to: width,
      activation: sizes.hidden_act,
      std: sizes.intermediate_size ** -0.5 * (2 * depth) ** -0.5,
    },
  );
  return b.op("Add", [y, change]);
}

/** Keeps rows of `[batch, tokens, width]`: `kept` is int64 `[batch, n]`, flat indices over batch and tokens. */
function keepTokens(b: GraphBuilder, x: Value, width: number, kept: Value): Value {
  return b.op("Gather", [b.op("Reshape", [x, b.int64s([-1, width])]), kept], { axis: 0 });
}

/** Size of the waves, and the ratio of the longest to the shortest. */
const waves = { amplitude: 0.7, span: 30 };

/**
 * Where the positions start: waves along rows, then along columns, so that attention finds
 * neighbours from the first update (arXiv 2205.01580); zeros for the class token. For float32
 * `[1 + side², width]`.
 */
function wavePositions(side: number, width: number): Float32Array {
  const values = new Float32Array((1 + side ** 2) * width);
  const quarter = width / 4;
  for (let patch = 0; patch < side ** 2; patch++) {
    const row = values.subarray((1 + patch) * width, (2 + patch) * width);
    [patch % side, Math.floor(patch / side)].forEach((place, axis) => {
      for (let wave = 0; wave < quarter; wave++) {
        const angle = place / waves.span ** (wave / quarter);
        row[2 * axis * quarter + wave] = waves.amplitude * Math.sin(angle);
        row[(2 * axis + 1) * quarter + wave] = waves.amplitude * Math.cos(angle);
      }
    });
  }
  return values;
}

/**
 * Appends a vision transformer: `[batch, 3, S, S]` normalised pixels → `[batch, 1 + patches, width]`
 * token features, the class token first. `kept` drops tokens in training (arXiv 2212.00794).
 */
export function visionTokens(
  module: Module,
  pixels: Value,
  sizes: VisionSizes,
  options: { readonly kept?: Value } = {},
): Value {
  const { builder: b } = module;
  const width = sizes.hidden_size;
  const stem = "vision_model.embeddings.patch_embedding";
  const patches = convNextPatches(module, stem, pixels, sizes);
  const first = repeatTokens(module, "vision_model.embeddings.class_embedding", patches, {
    tokens: 1,
    width,
  });
  const positions = parameter(
    module,
    "vision_model.embeddings.position_embedding.weight",
    [1 + patchCount(sizes), width],
    { values: wavePositions(Math.sqrt(patchCount(sizes)), width) },
  );
  let x = b.op("Add", [b.op("Concat", [first, patches], { axis: 1 }), positions]);
  if (options.kept) x = keepTokens(b, x, width, options.kept);
  for (let i = 0; i < sizes.num_hidden_layers; i++) {
    x = layer(module, `vision_model.encoder.layers.${i}`, x, sizes);
  }
  return layerNorm(module, "vision_model.post_layernorm", x, width);
}

/** Mean over the tokens, then a projection without bias: the image's place in the joint space of a CLIP. */
export function imageEmbedding(
  module: Module,
  tokens: Value,
  sizes: { readonly width: number; readonly to: number },
): Value {
  const { builder: b } = module;
  const pooled = b.op("ReduceMean", [tokens, b.int64s([1])], { keepdims: 0 });
  return linear(module, "visual_projection", pooled, {
    from: sizes.width,
    to: sizes.to,
    bias: false,
  });
}

/** The input of a vision graph. */
export function pixelInput(
  b: GraphBuilder,
  sizes: Pick<VisionSizes, "image_size">,
  batch: Dim = "batch_size",
): Value {
  return b.input("pixel_values", "float32", [batch, 3, sizes.image_size, sizes.image_size]);
}

/** The published vision half of a CLIP: `pixel_values` → `image_embeds` (not normalised). */
export function clipVision(sizes: VisionSizes, projection: number, weights: WeightSource): Model {
  const builder = new GraphBuilder();
  const module = moduleOn(builder, weights);
  const tokens = visionTokens(module, pixelInput(builder, sizes), sizes);
  const embedding = imageEmbedding(module, tokens, { width: sizes.hidden_size, to: projection });
  builder.output(embedding, "image_embeds");
  return builder.finish();
}
