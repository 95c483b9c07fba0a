/** The zoo's multimodal models: the parts of each, and the published model it follows. @module */
import type { TokenizerStyle } from "./byte_pair_tokenizer.ts";
import type { QFormerSizes } from "./connectors.ts";
import type { ConvNextSizes } from "./convnext.ts";
import type { DecoderKind } from "./decoders.ts";
import type { EncoderDecoderSizes } from "./encoder_decoder.ts";
import type { Connector } from "./multimodal.ts";
import type { ResNetSizes } from "./resnet.ts";
import type { EncoderSizes } from "./vision_encoder.ts";
import type { VisionSizes } from "./vision_transformer.ts";

/** Special tokens of a vocabulary, in the order of their ids, and the roles they play. */
export interface SpecialTokens {
  readonly tokens: readonly string[];
  /** Absent where texts have no start symbol; then they end with `eos`. */
  readonly bos?: string;
  readonly eos: string;
  readonly pad: string;
  readonly unk: string;
  readonly image: string;
}

/** Kind of a language model. */
export type LanguageKind = DecoderKind | EncoderDecoderSizes["kind"];

/** One architecture. */
export interface ZooArchitecture {
  /** The published model whose structure it follows. */
  readonly mirrors: string;
  /** `model_type` of config.json. */
  readonly modelType: string;
  readonly connector: Connector;
  readonly text: {
    readonly kind: LanguageKind;
    readonly hidden_size: number;
    readonly intermediate_size: number;
    readonly num_hidden_layers: number;
    readonly num_attention_heads: number;
  };
  readonly tokenizer: { readonly style: TokenizerStyle; readonly merges: number };
}

/** Longest sequence of the zoo's language models. */
export const maxPositions = 128;

/** The encoder that the zoo's models share. */
export const sharedEncoder: VisionSizes = {
  model_type: "clip_vision_model",
  image_size: 64,
  patch_size: 8,
  hidden_size: 96,
  intermediate_size: 384,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  hidden_act: "quick_gelu",
};

const convEncoder: ConvNextSizes = {
  model_type: "convnext",
  image_size: 64,
  patch_size: 4,
  hidden_sizes: [32, 64, 128],
  depths: [1, 2, 3],
  hidden_act: "gelu",
};

/** Another vision transformer: larger patches of a larger image, which the frame cuts across. */
const patchEncoder: VisionSizes = {
  model_type: "clip_vision_model",
  image_size: 72,
  patch_size: 12,
  hidden_size: 144,
  intermediate_size: 432,
  num_hidden_layers: 4,
  num_attention_heads: 6,
  hidden_act: "gelu",
  stem: "patches",
};

const wideConvEncoder: ConvNextSizes = { ...convEncoder, hidden_sizes: [40, 80, 144] };

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

/**
 * The encoders by the name that `pretrain-model` takes: the two of the first zoo, and those of the
 * second, which differ in kind, patches, widths and the size of the image.
 */
export const zooEncoders = {
  encoder: { sizes: sharedEncoder },
  "conv-encoder": { sizes: convEncoder, pixels: imageNetPixels },
  "vit-encoder": { sizes: { ...sharedEncoder, hidden_size: 112, intermediate_size: 448 } },
  "patch-encoder": {
    sizes: patchEncoder,
    pixels: { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] },
  },
  "convnext-encoder": { sizes: wideConvEncoder, pixels: imageNetPixels },
  "resnet-encoder": { sizes: resNetEncoder, pixels: imageNetPixels },
} as const satisfies Record<string, ZooEncoder>;

/** Name of an encoder. */
export type EncoderName = keyof typeof zooEncoders;

/** The mini CLIP. */
export const miniClip = {
  vision: { ...sharedEncoder, hidden_size: 128, intermediate_size: 512 },
  text: { hidden_size: 128, intermediate_size: 256, projection_dim: 96 },
  tokenizer: { style: "byte-level", merges: 1500 },
} as const satisfies {
  vision: VisionSizes;
  text: unknown;
  tokenizer: ZooArchitecture["tokenizer"];
};

const queries: QFormerSizes = {
  hidden_size: 96,
  intermediate_size: 192,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_query_tokens: 8,
};

const llama = {
  kind: "llama",
  hidden_size: 128,
  intermediate_size: 352,
  num_hidden_layers: 2,
  num_attention_heads: 4,
} as const;

const opt = { ...llama, kind: "opt", intermediate_size: 512 } as const;
const t5 = {
  kind: "t5",
  hidden_size: 112,
  intermediate_size: 256,
  num_hidden_layers: 2,
  num_attention_heads: 4,
} as const;
const gpt2 = { ...llama, kind: "gpt2", intermediate_size: 512 } as const;

/** The architectures by the name that `pretrain-model` takes. */
export const zooArchitectures = {
  "mini-minigpt4": {
    mirrors: "MiniGPT-4 (Q-Former, linear projection, Llama)",
    modelType: "minigpt4",
    connector: { kind: "qformer", qformer: queries },
    text: llama,
    tokenizer: { style: "metaspace", merges: 500 },
  },
  "mini-vpgtrans": {
    mirrors: "VPGTrans (visual features mapped into OPT by an MLP)",
    modelType: "llava",
    connector: { kind: "mlp", hidden: 256 },
    text: opt,
    tokenizer: { style: "byte-level", merges: 300 },
  },
  "mini-visualglm": {
    mirrors: "VisualGLM (patches mapped linearly into a language model of another kind)",
    modelType: "llava",
    connector: { kind: "linear" },
    text: { ...gpt2, hidden_size: 112, intermediate_size: 448 },
    tokenizer: { style: "byte-level", merges: 800 },
  },
  "mini-instructblip": {
    mirrors: "InstructBLIP (Q-Former that reads the instruction, Llama)",
    modelType: "instructblip",
    connector: { kind: "instructed-qformer", qformer: queries },
    text: llama,
    tokenizer: { style: "metaspace", merges: 250 },
  },
  "mini-blip2": {
    mirrors: "BLIP-2 with Flan-T5 (Q-Former, encoder and decoder)",
    modelType: "blip-2",
    connector: { kind: "qformer", qformer: { ...queries, num_query_tokens: 12 } },
    text: t5,
    tokenizer: { style: "metaspace", merges: 650 },
  },
  "mini-bliva": {
    mirrors: "BLIVA (Q-Former that reads the instruction, and patches beside it)",
    modelType: "instructblip",
    connector: { kind: "qformer-and-patches", qformer: queries },
    text: { ...llama, hidden_size: 96, intermediate_size: 256, num_hidden_layers: 3 },
    tokenizer: { style: "metaspace", merges: 800 },
  },
  "mini-convllava": {
    mirrors: "ConvLLaVA (the places of a ConvNeXt mapped into Llama by an MLP)",
    modelType: "llava",
    connector: { kind: "mlp", hidden: 256 },
    text: { ...llama, hidden_size: 112, intermediate_size: 304 },
    tokenizer: { style: "metaspace", merges: 350 },
  },
  "mini-frozen": {
    mirrors: "Frozen (the places of a ResNet mapped linearly into a language model)",
    modelType: "llava",
    connector: { kind: "linear" },
    text: { ...opt, hidden_size: 112, intermediate_size: 448 },
    tokenizer: { style: "byte-level", merges: 450 },
  },
} as const satisfies Record<string, ZooArchitecture>;

/** Name of an architecture. */
export type ZooName = keyof typeof zooArchitectures;

/** Special tokens as the published models of each kind have them. */
export const specialTokens: Readonly<Record<LanguageKind, SpecialTokens>> = {
  llama: {
    tokens: ["<unk>", "<s>", "</s>", "<pad>", "<image>"],
    bos: "<s>",
    eos: "</s>",
    pad: "<pad>",
    unk: "<unk>",
    image: "<image>",
  },
  opt: {
    tokens: ["<s>", "<pad>", "</s>", "<unk>", "<image>"],
    bos: "</s>",
    eos: "</s>",
    pad: "<pad>",
    unk: "<unk>",
    image: "<image>",
  },
  gpt2: {
    tokens: ["<|endoftext|>", "<|pad|>", "<image>"],
    bos: "<|endoftext|>",
    eos: "<|endoftext|>",
    pad: "<|pad|>",
    unk: "<|endoftext|>",
    image: "<image>",
  },
  t5: {
    tokens: ["<pad>", "</s>", "<unk>", "<image>"],
    eos: "</s>",
    pad: "<pad>",
    unk: "<unk>",
    image: "<image>",
  },
};
