/** The zoo's multimodal models: the parts of each, and the published model it follows. @module */
import type { QFormerSizes } from "./connectors.ts";
import type { TokenizerPlan } from "./encoder_table.ts";
import type { Connector } from "./multimodal.ts";
import type { LanguageKind } from "./special_tokens.ts";

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
  readonly tokenizer: TokenizerPlan;
}

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
