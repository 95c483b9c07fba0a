/** The zoo's vision encoders and its CLIP: their sizes, by the names that `pretrain-encoder` takes. @module */
import type { TokenizerStyle } from "./byte_pair_tokenizer.ts";
import type { ConvNextSizes } from "./convnext.ts";
import type { ResNetSizes } from "./resnet.ts";
import type { EncoderSizes } from "./vision_encoder.ts";
import type { VisionSizes } from "./vision_transformer.ts";

/** How a tokenizer splits texts, and how many merges it learns. */
export interface TokenizerPlan {
  readonly style: TokenizerStyle;
  readonly merges: number;
}

/** A vision transformer. */
export const vitEncoder: VisionSizes = {
  model_type: "clip_vision_model",
  image_size: 64,
  patch_size: 8,
  hidden_size: 112,
  intermediate_size: 448,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  hidden_act: "quick_gelu",
  stem: "convnext",
};

/** Another vision transformer: larger patches of a larger image, which the frame cuts across. */
const patchEncoder: VisionSizes = {
  model_type: "clip_vision_model",
  image_size: 70,
  patch_size: 10,
  hidden_size: 128,
  intermediate_size: 384,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  hidden_act: "gelu",
  stem: "convnext",
};

const convNextEncoder: ConvNextSizes = {
  model_type: "convnext",
  image_size: 64,
  patch_size: 4,
  hidden_sizes: [40, 80, 144],
  depths: [1, 2, 3],
  hidden_act: "gelu",
};

const resNetEncoder: ResNetSizes = {
  model_type: "resnet",
  image_size: 64,
  embedding_size: 32,
  hidden_sizes: [32, 64, 128],
  depths: [1, 1, 2],
  groups: 8,
};

/** ImageNet's statistics, as ConvNeXt and ResNet have them. */
const imageNetPixels = { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] };

/** A vision encoder that is trained on its own. */
export interface ZooEncoder {
  readonly sizes: EncoderSizes;
  /** Normalisation of the pixels; OpenAI CLIP's where absent. */
  readonly pixels?: {
    readonly image_mean: readonly number[];
    readonly image_std: readonly number[];
  };
}

/** The encoders by name. They differ in kind, patches, widths and the size of the image. */
export const zooEncoders = {
  "vit-encoder": { sizes: vitEncoder },
  "patch-encoder": {
    sizes: patchEncoder,
    pixels: { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] },
  },
  "convnext-encoder": { sizes: convNextEncoder, pixels: imageNetPixels },
  "resnet-encoder": { sizes: resNetEncoder, pixels: imageNetPixels },
} as const satisfies Record<string, ZooEncoder>;

/** Name of an encoder. */
export type EncoderName = keyof typeof zooEncoders;

/** The mini CLIP. */
export const miniClip = {
  vision: { ...vitEncoder, hidden_size: 128, intermediate_size: 512, num_hidden_layers: 3 },
  text: { hidden_size: 128, intermediate_size: 256, projection_dim: 96 },
  tokenizer: { style: "byte-level", merges: 1500 },
} as const satisfies {
  vision: VisionSizes;
  text: unknown;
  tokenizer: TokenizerPlan;
};
