/** The family of Phi-3 and Phi-3.5 Vision. @module */
import { type Family, type ImageFacts, numberIn } from "./family.ts";

/** Tokens of the whole and of all tiles, one after each row of them, and one between both. */
function rowsOf({ preprocessor, plan }: ImageFacts): number | undefined {
  if (plan === undefined) return undefined;
  const perTile = numberIn(preprocessor, "num_img_tokens") ?? 144;
  const { rows, columns } = plan.grid;
  return Math.trunc((rows * columns + 1) * perTile + 1 + (rows + 1) * Math.sqrt(perTile));
}

/** Phi-3 Vision: a numbered placeholder for each image (arXiv 2404.14219, section 6). */
export const phi3v: Family = {
  modelTypes: ["phi3_v"],
  parts: "prepared-embeddings",
  processorType: "Phi3VImageProcessor",
  imageToken: "<|image|>",
  imageTokens: rowsOf,
  writtenImage: (facts) => {
    const rows = rowsOf(facts);
    return rows === undefined
      ? undefined
      : { placeholder: "<|image_1|>", text: facts.image.repeat(rows) };
  },
  placement: "in-text",
  text: (instruction, image, start) =>
    `${start}<|user|>\n${image}\n${instruction}<|end|>\n<|assistant|>\n`,
};
