/** The family of LLaVA. @module */
import { type Family, numberIn, objectIn } from "./family.ts";

/** Patches of the vision encoder; the class token is dropped (arXiv 2304.08485, section 4.1). */
function patches(config: Parameters<Family["imageTokens"]>[0]): number | undefined {
  const vision = objectIn(config, "vision_config");
  const [size, patch] = [numberIn(vision, "image_size"), numberIn(vision, "patch_size")];
  return size === undefined || patch === undefined ? undefined : Math.floor(size / patch) ** 2;
}

/** LLaVA: projected patch features stand in the text, in place of `<image>` tokens. */
export const llava: Family = {
  // LLaVA-OneVision where its encoder reads the whole picture, without tiles.
  modelTypes: ["llava", "vipllava", "llava_qwen2", "llava_onevision"],
  architecture: () => "decoder-only",
  imageToken: (config) => numberIn(config, "image_token_index", "image_token_id"),
  imageTokens: (config) => numberIn(config, "image_seq_length") ?? patches(config),
  placement: "in-text",
  text: (instruction, image) => `${image}\n${instruction}`,
  readsInstruction: false,
};
