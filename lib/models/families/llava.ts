/** The family of LLaVA. @module */
import { type Family, type ImageFacts, numberIn, objectIn } from "./family.ts";

/** Patches of an image of the encoder's size; the class token is dropped (arXiv 2304.08485, section 4.1). */
function patches({ config }: ImageFacts): number | undefined {
  const vision = objectIn(config, "vision_config");
  const [size, patch] = [numberIn(vision, "image_size"), numberIn(vision, "patch_size")];
  return size === undefined || patch === undefined ? undefined : Math.floor(size / patch) ** 2;
}

/** The processor's count: patches, tokens beside them, and without the first by the default strategy. */
function processorPatches({ processor, plan }: ImageFacts): number | undefined {
  const patch = numberIn(processor, "patch_size");
  const size = plan?.tiles[0]?.size;
  if (patch === undefined || size === undefined) return undefined;
  const dropped = processor.vision_feature_select_strategy === "default" ? 1 : 0;
  return Math.floor(size.height / patch) * Math.floor(size.width / patch) +
    (numberIn(processor, "num_additional_image_tokens") ?? 0) - dropped;
}

/** LLaVA: projected patch features replace the `<image>` tokens of the text. */
export const llava: Family = {
  modelTypes: ["llava", "vipllava", "llava_qwen2", "fast_vlm"],
  processorType: "CLIPImageProcessor",
  imageTokens: processorPatches,
  likelyImageTokens: (facts) => numberIn(facts.config, "image_seq_length") ?? patches(facts),
  placement: "in-text",
  text: (instruction, image) => `${image}\n${instruction}`,
};

/** Moondream: a question and an answer, without markers of turns. */
export const moondream: Family = {
  ...llava,
  modelTypes: ["moondream1"],
  text: (instruction, image) => `${image}\n\nQuestion: ${instruction}\n\nAnswer:`,
};
