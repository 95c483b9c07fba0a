/** The family of Janus, of which the part that reads images is used. @module */
import { type Family, type ImageFacts, numberIn } from "./family.ts";

const rowsOf = ({ processor, rows }: ImageFacts) =>
  numberIn(processor, "num_image_tokens") ?? rows ?? 576;

/** Janus as Hugging Face has it: image tokens between markers (arXiv 2410.13848, section 3.1). */
export const janus: Family = {
  modelTypes: ["janus"],
  processorType: "JanusImageProcessor",
  imageToken: "<image_placeholder>",
  imageTokens: rowsOf,
  writtenImage: (facts) => {
    const { special, processor, image } = facts;
    const mark = (token: string, tag: string, absent: string) =>
      special[token] ?? (typeof processor[tag] === "string" ? processor[tag] : absent);
    const start = mark("boi_token", "image_start_tag", "<begin_of_image>");
    const end = mark("eoi_token", "image_end_tag", "<end_of_image>");
    return { placeholder: image, text: `${start}${image.repeat(rowsOf(facts))}${end}` };
  },
  placement: "in-text",
  text: (instruction, image) => `<|User|>: ${image}\n${instruction}\n\n<|Assistant|>:`,
};

/** Janus as transformers.js has it. */
export const multiModality: Family = {
  ...janus,
  modelTypes: ["multi_modality"],
  parts: "multi-modality",
  processorType: "VLMImageProcessor",
};
