/** The families of Pixtral, Mistral 3 and LightOnOCR. @module */
import { type Family, type ImageFacts, type Json, numberIn, type WrittenImage } from "./family.ts";
import { llava } from "./llava.ts";

/** The processor's patches are blocks of the encoder's. */
function blockSettings(processor: Json): Json {
  const block = (numberIn(processor, "patch_size") ?? 16) *
    (numberIn(processor, "spatial_merge_size") ?? 1);
  return { patch_size: { height: block, width: block } };
}

/** Image tokens row by row, each row with a token behind it, the last one with another. */
function pixtralImage({ plan, processor, image }: ImageFacts): WrittenImage {
  const { rows, columns } = plan?.grid ?? { rows: 1, columns: 1 };
  const line = image.repeat(columns);
  const between = String(processor.image_break_token ?? "[IMG_BREAK]");
  const end = String(processor.image_end_token ?? "[IMG_END]");
  const lines = new Array(rows).fill(line).join(between);
  return { placeholder: image, text: `${lines}${end}` };
}

/** Mistral 3, and Pixtral on its own (arXiv 2410.07073, section 2.2). */
export const mistral3: Family = {
  modelTypes: ["mistral3", "pixtral"],
  processorType: "PixtralImageProcessor",
  processorSettings: blockSettings,
  imageToken: "[IMG]",
  writtenImage: pixtralImage,
  placement: "in-text",
  text: (instruction, image, start) => `${start}[INST]${instruction}${image}[/INST]`,
};

/** Pixtral as Hugging Face has it: LLaVA with another encoder, and processor. */
export const llavaOrPixtral: Family = {
  ...llava,
  processorSettings: (processor) => isPixtral(processor) ? blockSettings(processor) : {},
  writtenImage: (facts) => namesPixtral(facts) ? pixtralImage(facts) : undefined,
};

const isPixtral = ({ processor_class }: Json) => processor_class === "PixtralProcessor";

/** Either file may name the processor; its images are cut by an image processor of its own. */
function namesPixtral({ processor, preprocessor }: ImageFacts): boolean {
  return isPixtral(processor) || isPixtral(preprocessor) ||
    /^PixtralImageProcessor/.test(String(preprocessor.image_processor_type));
}

/** LightOnOCR: as Mistral 3, without marks between the rows. */
export const lightonOcr: Family = {
  ...mistral3,
  modelTypes: ["lighton_ocr"],
  imageToken: "<|image_pad|>",
  writtenImage: (facts) => {
    const { rows, columns } = facts.plan?.grid ?? { rows: 1, columns: 1 };
    return { placeholder: facts.image, text: facts.image.repeat(rows * columns) };
  },
};
