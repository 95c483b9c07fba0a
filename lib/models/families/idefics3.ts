/** The family of Idefics3 and SmolVLM. @module */
import { type Family, type ImageFacts, numberIn, objectIn } from "./family.ts";

/** Image tokens of one tile. */
function perTile({ config, processor, plan, rows }: ImageFacts): number {
  const patch = numberIn(objectIn(config, "vision_config"), "patch_size");
  const side = plan?.tiles[0]?.size.height;
  const scale = numberIn(config, "scale_factor") ?? 2;
  const given = numberIn(processor, "image_seq_len");
  if (given !== undefined) return given;
  if (rows !== undefined) return rows / (plan?.tiles.length ?? 1);
  if (patch === undefined || side === undefined) return 169;
  return Math.floor(Math.floor(side / patch) ** 2 / scale ** 2);
}

/** Idefics3 and SmolVLM: tiles with their rows and columns, then the whole image. */
export const idefics3: Family = {
  modelTypes: ["idefics3", "smolvlm"],
  processorType: "Idefics3ImageProcessor",
  imageTokens: (facts) => perTile(facts) * (facts.plan?.tiles.length ?? 1),
  writtenImage: (facts) => {
    const { image, special, plan } = facts;
    const { rows, columns } = plan?.grid ?? { rows: 0, columns: 0 };
    const fake = special.fake_image_token ?? "<fake_token_around_image>";
    const tokens = image.repeat(perTile(facts));
    const tile = (row: number, column: number) =>
      `${fake}<row_${row + 1}_col_${column + 1}>${tokens}`;
    const lines = Array.from(
      { length: rows },
      (_, row) => Array.from({ length: columns }, (_, column) => tile(row, column)).join("") + "\n",
    );
    const whole = `${fake}${special.global_image_token ?? "<global-img>"}${tokens}${fake}`;
    return {
      placeholder: image,
      text: rows === 0 ? whole : `${lines.join("")}\n${whole}`,
    };
  },
  placement: "in-text",
  text: (instruction, image, start) =>
    `${start}User:${image}${instruction}<end_of_utterance>\nAssistant:`,
};
