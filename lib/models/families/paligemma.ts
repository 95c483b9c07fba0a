/** The family of PaliGemma. @module */
import { type Family, numberIn, objectIn } from "./family.ts";

/** PaliGemma: image tokens, then the start symbol and the text (arXiv 2407.07726, section 3.1). */
export const paligemma: Family = {
  modelTypes: ["paligemma"],
  processorType: "SiglipImageProcessor",
  imageTokens: ({ config, processor, preprocessor }) =>
    numberIn(preprocessor, "image_seq_length") ?? numberIn(processor, "image_seq_length") ??
      numberIn(objectIn(config, "text_config"), "num_image_tokens") ??
      numberIn(objectIn(config, "vision_config"), "num_image_tokens"),
  placement: "before-text",
  text: (instruction, _, start) => `${start}${instruction}\n`,
  firstPosition: 1,
  tokenTypes: { image: 0, instruction: 0, answer: 1 },
  seesBothWays: true,
};
