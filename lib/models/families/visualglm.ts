/** The family of VisualGLM. @module */
import { type Family, numberIn } from "./family.ts";

/**
 * VisualGLM: projected Q-Former queries before a question to ChatGLM, whose prompts see themselves both
 * ways (GLM: arXiv 2103.10360, section 2).
 */
export const visualglm: Family = {
  modelTypes: ["visualglm"],
  processorType: "BlipImageProcessor",
  likelyImageTokens: ({ config }) => numberIn(config, "image_seq_length", "num_query_tokens"),
  placement: "in-text",
  text: (instruction, image) => `<img>${image}</img>问：${instruction}\n答：`,
  seesBothWays: true,
};
