/** The family of Qwen2-VL and those after it. @module */
import type { Family } from "./family.ts";

/** Qwen2-VL and those after it: merged patches between markers (arXiv 2409.12191, section 2.1). */
export const qwen2Vl: Family = {
  modelTypes: [
    "qwen2_vl",
    "qwen2_5_vl",
    "qwen3_vl",
    "qwen3_vl_moe",
    "qwen3_5",
    "qwen3_5_moe",
    "glm4v",
    "glm4v_moe",
    "glm46v",
    "glm_ocr",
    "lfm3_vl",
  ],
  processorType: "Qwen2VLImageProcessor",
  imageToken: "<|image_pad|>",
  imageTokens: ({ plan }) => plan && plan.grid.rows * plan.grid.columns,
  placement: "in-text",
  text: (instruction, image) =>
    `<|im_start|>user\n<|vision_start|>${image}<|vision_end|>${instruction}<|im_end|>\n<|im_start|>assistant\n`,
};

/** PaddleOCR-VL: the same, between markers of its own. */
export const paddleOcrVl: Family = {
  ...qwen2Vl,
  modelTypes: ["paddleocr_vl"],
  processorType: "PaddleOCRVLImageProcessor",
  imageToken: "<|IMAGE_PLACEHOLDER|>",
  text: (instruction, image, start) =>
    `${start}User: <|IMAGE_START|>${image}<|IMAGE_END|>${instruction}\nAssistant: `,
};
