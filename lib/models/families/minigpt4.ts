/** The family of MiniGPT-4. @module */
import { type Family, numberIn } from "./family.ts";

/** MiniGPT-4: projected Q-Former queries inside a dialogue turn (arXiv 2304.10592, section 3). */
export const minigpt4: Family = {
  modelTypes: ["minigpt4"],
  processorType: "BlipImageProcessor",
  likelyImageTokens: ({ config }) => numberIn(config, "image_seq_length", "num_query_tokens"),
  placement: "in-text",
  text: (instruction, image) => `${image} ${instruction}`,
};
