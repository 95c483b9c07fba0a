/** The family of PaliGemma. @module */
import { type Family, numberIn, objectIn } from "./family.ts";

/** PaliGemma: image tokens, then the start symbol and the text (arXiv 2407.07726, section 3.1). */
export const paligemma: Family = {
  modelTypes: ["paligemma"],
  architecture: () => "decoder-only",
  imageToken: (config) => numberIn(config, "image_token_index", "image_token_id"),
  imageTokens: (config) =>
    numberIn(objectIn(config, "text_config"), "num_image_tokens") ??
      numberIn(objectIn(config, "vision_config"), "num_image_tokens"),
  placement: "before-text",
  text: (instruction, _, start) => `${start}${instruction}\n`,
  readsInstruction: false,
};
