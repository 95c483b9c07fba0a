/** The files of a model directory as the zoo publishes it: configurations, tokenizer, graphs. @module */
import type { Model } from "../onnx/ir/model.ts";
import { type TokenizerFile, trainTokenizer } from "./byte_pair_tokenizer.ts";
import { clipText, type ClipTextSizes } from "./clip_text.ts";
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
  type EncoderKind,
  type EncoderSizes,
  tokenLayout,
  visionEncoder,
} from "./vision_encoder.ts";
import { clipVision, type VisionSizes } from "./vision_transformer.ts";
import {
  type LanguageKind,
  maxPositions,
  miniClip,
  type SpecialTokens,
  specialTokens,
  type ZooArchitecture,
} from "./zoo_table.ts";

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

function preprocessor(type: string, size: number, pixels: PixelNormalisation): unknown {
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

function visionConfig(sizes: EncoderSizes): object {
  const { model_type, ...others } = sizes;
  const stages = "depths" in sizes ? { num_stages: sizes.depths.length } : {};
  return { model_type, ...stages, num_channels: 3, ...visionConfigs[model_type], ...others };
}

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

function tokenIds(tokenizer: TokenizerFile, special: SpecialTokens) {
  const id = (token: string) => tokenizer.model.vocab[token]!;
  const pad = id(special.pad);
  return {
    // Where texts have no start symbol, answers start with the padding symbol, as in T5.
    ...(special.bos === undefined
      ? { decoder_start_token_id: pad }
      : { bos_token_id: id(special.bos) }),
    eos_token_id: id(special.eos),
    pad_token_id: pad,
  };
}

type LanguageSizes = DecoderSizes | EncoderDecoderSizes;

function textConfig({ kind, ...sizes }: LanguageSizes, ids: object): unknown {
  return { model_type: kind, ...textConfigs[kind](sizes), ...ids, tie_word_embeddings: true };
}

function tokenizerConfig(special: SpecialTokens): unknown {
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    ...(special.bos === undefined ? {} : { bos_token: special.bos }),
    eos_token: special.eos,
    pad_token: special.pad,
    unk_token: special.unk,
    extra_special_tokens: [special.image],
    model_max_length: maxPositions,
    clean_up_tokenization_spaces: false,
  };
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

/** Sizes of a CLIP's two towers. */
export interface ClipSizes {
  readonly vision: VisionSizes;
  readonly text: ClipTextSizes;
}

/** Plans the mini CLIP, whose vocabulary is trained on `corpus`. */
export function planClip(
  options: { readonly corpus: readonly string[]; readonly pixels: PixelNormalisation },
): NetworkPlan<ClipSizes> {
  const special = { ...specialTokens.gpt2, tokens: ["<|endoftext|>", "<|pad|>"] };
  const tokenizer = trainTokenizer({
    ...miniClip.tokenizer,
    corpus: options.corpus,
    special: special.tokens,
  });
  const { vision } = miniClip;
  const text = { ...miniClip.text, vocab_size: Object.keys(tokenizer.model.vocab).length };
  const { extra_special_tokens: _, ...names } = tokenizerConfig(special) as Record<string, unknown>;
  return {
    sizes: { vision, text },
    json: {
      "config.json": {
        model_type: "clip",
        projection_dim: text.projection_dim,
        text_config: { model_type: "clip_text_model", ...text, ...tokenIds(tokenizer, special) },
        vision_config: { ...visionConfig(vision), projection_dim: text.projection_dim },
      },
      "preprocessor_config.json": preprocessor(
        "CLIPImageProcessor",
        vision.image_size,
        options.pixels,
      ),
      "tokenizer.json": tokenizer,
      "tokenizer_config.json": names,
    },
  };
}

/** The files of a CLIP; the learned temperature goes into its config.json. */
export function clipFiles(
  { sizes, json }: NetworkPlan<ClipSizes>,
  weights: WeightSource,
): DirectoryFiles {
  const temperature = weights("logit_scale", [1], { value: Math.log(20) }).data[0]!;
  const config = { ...json["config.json"] as object, logit_scale_init_value: temperature };
  return {
    json: { ...json, "config.json": config },
    graphs: {
      vision_model: clipVision(sizes.vision, sizes.text.projection_dim, weights),
      text_model: clipText(sizes.text, weights),
    },
  };
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
