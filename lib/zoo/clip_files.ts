/** The files of the mini CLIP. @module */
import { trainTokenizer } from "./byte_pair_tokenizer.ts";
import { clipText, type ClipTextSizes } from "./clip_text.ts";
import { miniClip } from "./encoder_table.ts";
import type { WeightSource } from "./module.ts";
import { specialTokens, tokenIds, tokenizerConfig } from "./special_tokens.ts";
import {
  type DirectoryFiles,
  type NetworkPlan,
  type PixelNormalisation,
  preprocessor,
  visionConfig,
} from "./vision_files.ts";
import { clipVision, type VisionSizes } from "./vision_transformer.ts";

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
