/** The files of a multimodal model: configurations, tokenizer, graphs. @module */
import type { Model } from "../onnx/ir/model.ts";
import { trainTokenizer } from "./byte_pair_tokenizer.ts";
import { decoderModel, type DecoderSizes, embedTokensModel } from "./decoders.ts";
import {
  type EncoderDecoderSizes,
  isEncoderDecoder,
  relativePositions,
  t5DecoderModel,
  t5EncoderModel,
} from "./encoder_decoder.ts";
import type { WeightSource } from "./module.ts";
import { imageRows, type MultimodalSizes, visionEncoderModel } from "./multimodal.ts";
import {
  type LanguageKind,
  maxPositions,
  specialTokens,
  tokenIds,
  tokenizerConfig,
} from "./special_tokens.ts";
import {
  type DirectoryFiles,
  type NetworkPlan,
  type PixelNormalisation,
  preprocessor,
  visionConfig,
} from "./vision_files.ts";
import { type EncoderSizes, tokenLayout } from "./vision_encoder.ts";
import type { ZooArchitecture } from "./zoo_table.ts";

/** The names that each kind gives its sizes. */
const textConfigs: Readonly<
  Record<LanguageKind, (sizes: Omit<DecoderSizes, "kind">) => Record<string, unknown>>
> = {
  llama: (sizes) => ({
    ...sizes,
    num_key_value_heads: sizes.num_attention_heads,
    hidden_act: "silu",
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
  }),
  opt: ({ intermediate_size, ...sizes }) => ({
    ...sizes,
    ffn_dim: intermediate_size,
    activation_function: "relu",
    do_layer_norm_before: true,
    word_embed_proj_dim: sizes.hidden_size,
  }),
  gpt2: (sizes) => ({
    vocab_size: sizes.vocab_size,
    n_embd: sizes.hidden_size,
    n_inner: sizes.intermediate_size,
    n_layer: sizes.num_hidden_layers,
    n_head: sizes.num_attention_heads,
    n_positions: sizes.max_position_embeddings,
    hidden_size: sizes.hidden_size,
    num_attention_heads: sizes.num_attention_heads,
    num_hidden_layers: sizes.num_hidden_layers,
    activation_function: "gelu",
  }),
  t5: (sizes) => ({
    vocab_size: sizes.vocab_size,
    d_model: sizes.hidden_size,
    d_ff: sizes.intermediate_size,
    d_kv: sizes.hidden_size / sizes.num_attention_heads,
    num_heads: sizes.num_attention_heads,
    num_layers: sizes.num_hidden_layers,
    num_decoder_layers: sizes.num_hidden_layers,
    n_positions: sizes.max_position_embeddings,
    feed_forward_proj: "gated-gelu",
    dense_act_fn: "gelu_new",
    is_gated_act: true,
    layer_norm_epsilon: 1e-6,
    relative_attention_num_buckets: relativePositions.buckets,
    relative_attention_max_distance: relativePositions.maxDistance,
    scale_decoder_outputs: false,
    is_encoder_decoder: true,
  }),
};

type LanguageSizes = DecoderSizes | EncoderDecoderSizes;

function textConfig({ kind, ...sizes }: LanguageSizes, ids: object): unknown {
  return { model_type: kind, ...textConfigs[kind](sizes), ...ids, tie_word_embeddings: true };
}

/** Plans a multimodal model whose vocabulary is trained on `corpus`. */
export function planMultimodal(
  architecture: ZooArchitecture,
  options: {
    readonly vision: EncoderSizes;
    readonly corpus: readonly string[];
    readonly pixels: PixelNormalisation;
  },
): NetworkPlan<MultimodalSizes> {
  const { text, connector, modelType } = architecture;
  const special = specialTokens[text.kind];
  const tokenizer = trainTokenizer({
    ...architecture.tokenizer,
    corpus: options.corpus,
    special: special.tokens,
    ...(special.bos === undefined ? { eos: special.eos } : { bos: special.bos }),
  });
  const ids = tokenIds(tokenizer, special);
  const language: LanguageSizes = {
    ...text,
    vocab_size: Object.keys(tokenizer.model.vocab).length,
    max_position_embeddings: maxPositions,
  };
  const sizes: MultimodalSizes = {
    vision: options.vision,
    connector: withVocabulary(connector, language.vocab_size),
    text: language,
  };
  const processor = modelType === "llava" ? "CLIPImageProcessor" : "BlipImageProcessor";
  return {
    sizes,
    json: {
      "config.json": {
        model_type: modelType,
        image_token_index: tokenizer.model.vocab[special.image],
        image_seq_length: imageRows(sizes),
        ...connectorConfig(sizes),
        text_config: textConfig(language, ids),
        vision_config: visionConfig(options.vision),
      },
      "generation_config.json": ids,
      "preprocessor_config.json": preprocessor(
        processor,
        options.vision.image_size,
        options.pixels,
      ),
      "tokenizer.json": tokenizer,
      "tokenizer_config.json": tokenizerConfig(special),
    },
  };
}

/** A Q-Former that reads the instruction has the vocabulary of the language model. */
function withVocabulary(connector: MultimodalSizes["connector"], vocabulary: number) {
  if (connector.kind !== "instructed-qformer" && connector.kind !== "qformer-and-patches") {
    return connector;
  }
  const more = { vocab_size: vocabulary, max_position_embeddings: 64 };
  return { ...connector, qformer: { ...connector.qformer, ...more } };
}

function connectorConfig({ connector, vision, text }: MultimodalSizes): Record<string, unknown> {
  if (!("qformer" in connector)) {
    return { projector_hidden_act: connector.kind === "mlp" ? "gelu" : null };
  }
  return {
    num_query_tokens: connector.qformer.num_query_tokens,
    use_decoder_only_language_model: !isEncoderDecoder(text),
    qformer_config: {
      model_type: "blip_2_qformer",
      ...connector.qformer,
      encoder_hidden_size: tokenLayout(vision).width,
      use_qformer_text_input: connector.kind !== "qformer",
    },
  };
}

/** The files of a multimodal model. */
export function multimodalFiles(
  { sizes, json }: NetworkPlan<MultimodalSizes>,
  weights: WeightSource,
): DirectoryFiles {
  return {
    json,
    graphs: {
      vision_encoder: visionEncoderModel(sizes, weights),
      embed_tokens: embedTokensModel(sizes.text, weights),
      ...languageGraphs(sizes.text, weights),
    },
  };
}

function languageGraphs(text: LanguageSizes, weights: WeightSource): Record<string, Model> {
  if (!isEncoderDecoder(text)) return { decoder_model_merged: decoderModel(text, weights) };
  return {
    encoder_model: t5EncoderModel(text, weights),
    decoder_model_merged: t5DecoderModel(text, weights),
  };
}
