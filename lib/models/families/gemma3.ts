/** The families of Gemma 3, 3n and 4. @module */
import { type Family, type ImageFacts, numberIn } from "./family.ts";

/** Image tokens of an image, or of a crop. */
function perCrop({ config, processor, rows, plan }: ImageFacts): number | undefined {
  return numberIn(processor, "image_seq_length") ?? numberIn(config, "mm_tokens_per_image") ??
    (rows === undefined ? undefined : rows / (plan?.tiles.length ?? 1));
}

/** One image of an instruction: its tokens between markers, on lines of their own. */
function block(facts: ImageFacts, start: string): string | undefined {
  const { config, special, image, tokenOf } = facts;
  const end = special.eoi_token ?? tokenOf(numberIn(config, "eoi_token_index") ?? -1);
  const rows = perCrop(facts);
  if (end === undefined || rows === undefined) return undefined;
  return `\n\n${start}${image.repeat(rows)}${end}\n\n`;
}

/** Gemma 3: image tokens between markers, on lines of their own (arXiv 2503.19786, section 2.1). */
export const gemma3: Family = {
  modelTypes: ["gemma3"],
  processorType: "Gemma3ImageProcessor",
  // The processor does no pan and scan, even if preprocessor_config.json asks for it.
  processorSettings: () => ({
    do_pan_and_scan: false,
    pan_and_scan_min_crop_size: 256,
    pan_and_scan_max_num_crops: 4,
    pan_and_scan_min_ratio_to_activate: 1.2,
  }),
  imageToken: "<image_soft_token>",
  imageTokens: perCrop,
  writtenImage: (facts) => {
    const { config, special, tokenOf, plan } = facts;
    const start = special.boi_token ?? tokenOf(numberIn(config, "boi_token_index") ?? -1);
    const one = start === undefined ? undefined : block(facts, start);
    if (start === undefined || one === undefined) return undefined;
    const crops = (plan?.tiles.length ?? 1) - 1;
    return {
      placeholder: start,
      text: crops === 0
        ? one
        : `Here is the original image ${one} and here are some crops to help you see better ${
          new Array(crops).fill(one).join(" ")
        }`,
    };
  },
  placement: "in-text",
  text: (instruction, image, start) => `${start}${image}${instruction}`,
  firstPosition: 1,
  tokenTypes: { image: 1, instruction: 0, answer: 0 },
};

/** Markers before and behind an image, by the tokenizer's names or the numbers in config.json. */
function markers({ config, special, tokenOf }: ImageFacts) {
  const named = (name: "boi_token" | "eoi_token") =>
    special[name] ?? tokenOf(numberIn(config, `${name}_id`) ?? -1);
  return { start: named("boi_token"), end: named("eoi_token") };
}

/** Gemma 3n: one square image; its decoder reads inputs of each layer from the table of tokens as well. */
export const gemma3n: Family = {
  ...gemma3,
  modelTypes: ["gemma3n"],
  processorType: "SiglipImageProcessor",
  processorSettings: () => ({}),
  writtenImage: (facts) => {
    const { start, end } = markers(facts);
    const rows = perCrop(facts) ?? numberIn(facts.config, "vision_soft_tokens_per_image") ?? 256;
    if (start === undefined || end === undefined) return undefined;
    return {
      placeholder: facts.image,
      text: `\n\n${start}${facts.image.repeat(rows)}${end}\n\n`,
    };
  },
};

/** Gemma 4: as many tokens as the image has pools of patches, between markers. */
export const gemma4: Family = {
  modelTypes: ["gemma4"],
  processorType: "Gemma4ImageProcessor",
  imageToken: "<|image|>",
  imageTokens: ({ plan }) => plan && plan.grid.rows * plan.grid.columns,
  writtenImage: (facts) => {
    const { image, plan } = facts;
    const { start = "", end = "" } = markers(facts);
    if (plan === undefined) return undefined;
    const tokens = image.repeat(plan.grid.rows * plan.grid.columns);
    return { placeholder: image, text: `${start}${tokens}${end}` };
  },
  placement: "in-text",
  text: (instruction, image, start) => `${start}${image}${instruction}`,
};
