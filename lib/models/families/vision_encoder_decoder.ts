/** The family of models that write down what an image shows: TrOCR, Donut, captions. @module */
import type { Family } from "./family.ts";

/** A vision encoder and a text decoder that looks at its states; it reads no instruction. */
export const visionEncoderDecoder: Family = {
  modelTypes: ["vision-encoder-decoder"],
  architecture: () => "encoder-decoder",
  parts: "image-to-text",
  processorType: "ViTImageProcessor",
  placement: "without-text",
  text: () => "",
};
