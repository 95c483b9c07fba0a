/** The family of InternVL. @module */
import { type Family, type ImageFacts, numberIn } from "./family.ts";

function rowsOf({ config, processor, plan, rows }: ImageFacts): number {
  const perTile = numberIn(processor, "image_seq_length") ?? numberIn(config, "image_seq_length");
  const tiles = plan?.tiles.length ?? 1;
  return perTile === undefined ? rows ?? 256 * tiles : perTile * tiles;
}

/** InternVL: tiles and the whole image as one run of tokens between markers (arXiv 2404.16821, section 3.1). */
export const internvl: Family = {
  modelTypes: ["internvl"],
  processorType: "GotOcr2ImageProcessor",
  // The processor asks for tiles, even if the image processor's settings do not.
  processorSettings: () => ({ crop_to_patches: true }),
  imageToken: "<IMG_CONTEXT>",
  imageTokens: rowsOf,
  writtenImage: (facts) => {
    const { special, image } = facts;
    const [start, end] = [
      special.start_image_token ?? "<img>",
      special.end_image_token ?? "</img>",
    ];
    return { placeholder: image, text: `${start}${image.repeat(rowsOf(facts))}${end}` };
  },
  placement: "in-text",
  text: (instruction, image) =>
    `<|im_start|>user\n${image}\n${instruction}<|im_end|>\n<|im_start|>assistant\n`,
};
