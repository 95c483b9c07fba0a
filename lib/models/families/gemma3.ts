/** The family of Gemma 3. @module */
import { type Family, numberIn } from "./family.ts";

/** Gemma 3: image tokens between markers, on lines of their own (arXiv 2503.19786, section 2.1). */
export const gemma3: Family = {
  modelTypes: ["gemma3"],
  architecture: () => "decoder-only",
  imageToken: (config) => numberIn(config, "image_token_index", "image_token_id"),
  imageTokens: (config) => numberIn(config, "mm_tokens_per_image"),
  placement: "in-text",
  text: (instruction, image, start) => `${start}${image}${instruction}`,
  picture: (config, tokenOf) => {
    const start = tokenOf(numberIn(config, "boi_token_index") ?? -1);
    const end = tokenOf(numberIn(config, "eoi_token_index") ?? -1);
    if (start === undefined || end === undefined) return undefined;
    return {
      placeholder: start,
      expand: (image, rows) => `\n\n${start}${image.repeat(rows)}${end}\n\n`,
    };
  },
  readsInstruction: false,
};
