/** The family of LFM2-VL. @module */
import { type Family, type ImageFacts, numberIn } from "./family.ts";

/** Image tokens of a tile: blocks of patches, begun ones too. */
function tokensOf({ preprocessor }: ImageFacts, size: { height: number; width: number }): number {
  const patch = numberIn(preprocessor, "encoder_patch_size") ?? 16;
  const block = numberIn(preprocessor, "downsample_factor") ?? 2;
  const blocks = (side: number) => Math.ceil(Math.floor(side / patch) / block);
  return blocks(size.height) * blocks(size.width);
}

/** LFM2-VL: tiles with their rows and columns, then the whole, between markers. */
export const lfm2Vl: Family = {
  modelTypes: ["lfm2_vl"],
  processorType: "Lfm2VlImageProcessor",
  writtenImage: (facts) => {
    const { plan, image, special, processor } = facts;
    if (plan === undefined) return undefined;
    const marks = processor.use_image_special_tokens !== false;
    const mark = (text: string) => marks ? text : "";
    const { rows, columns } = plan.grid;
    const cut = rows > 1 || columns > 1;
    const tiles = plan.tiles.map((tile, i) => {
      const tokens = image.repeat(tokensOf(facts, tile.size));
      if (!cut) return tokens;
      if (i >= rows * columns) {
        return mark(special.image_thumbnail_token ?? "<|img_thumbnail|>") + tokens;
      }
      const [row, column] = [Math.floor(i / columns) + 1, i % columns + 1];
      return mark(`<|img_row_${row}_col_${column}|>`) + tokens;
    });
    const start = mark(special.image_start_token ?? "<|image_start|>");
    const end = mark(special.image_end_token ?? "<|image_end|>");
    return { placeholder: image, text: `${start}${tiles.join("")}${end}` };
  },
  placement: "in-text",
  text: (instruction, image, start) =>
    `${start}<|im_start|>user\n${image}${instruction}<|im_end|>\n<|im_start|>assistant\n`,
};
