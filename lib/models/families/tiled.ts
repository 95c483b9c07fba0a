/** The families of Aya Vision, Command A Vision, GOT-OCR 2 and Ovis 2: tiles of one size. @module */
import { type Family, type ImageFacts, numberIn } from "./family.ts";
import { llava } from "./llava.ts";

const tilesOf = ({ plan }: ImageFacts) => plan?.tiles.length ?? 1;

/** Image tokens of a tile; the graph's rows where the processor's files do not say. */
function perTile(facts: ImageFacts, ruled: number | undefined): number {
  return ruled ?? (facts.rows ?? tilesOf(facts)) / tilesOf(facts);
}

const cohere = {
  placement: "in-text",
  processorType: "GotOcr2ImageProcessor",
  text: llava.text,
} as const;

/** Aya Vision: numbered tiles, the whole image last (arXiv 2505.08751). */
export const ayaVision: Family = {
  ...cohere,
  modelTypes: ["aya_vision"],
  processorSettings: () => ({ crop_to_patches: true }),
  imageToken: "<|IMG_PATCH|>",
  writtenImage: (facts) => {
    const { processor, image } = facts;
    const [size, patch] = [numberIn(processor, "img_size"), numberIn(processor, "patch_size")];
    const blocks = Math.floor((size ?? 364) / (patch ?? 28));
    const tokens = image.repeat(perTile(facts, size && patch && blocks ** 2));
    const name = (key: string, absent: string) => String(processor[key] ?? absent);
    const tile = name("tile_token", "TILE");
    const tiles = Array.from({ length: tilesOf(facts) - 1 }, (_, i) => `${tile}_${i + 1}${tokens}`);
    return {
      placeholder: name("image_token", "<image>"),
      text: name("start_of_img_token", "<|START_OF_IMG|>") + tiles.join("") +
        name("tile_global_token", "TILE_GLOBAL") + tokens +
        name("end_of_img_token", "<|END_OF_IMG|>"),
    };
  },
};

/** GOT-OCR 2 */
export const gotOcr2: Family = {
  ...cohere,
  modelTypes: ["got_ocr2"],
  imageToken: "<imgpad>",
};

/** Command A Vision: each tile's tokens, and a mark behind them, between markers. */
export const cohere2Vision: Family = {
  ...cohere,
  modelTypes: ["cohere2_vision"],
  processorType: "Cohere2VisionImageProcessor",
  imageToken: "<|IMG_PATCH|>",
  writtenImage: (facts) => {
    const { special, preprocessor, image } = facts;
    const side = numberIn(preprocessor, "patch_size") ?? 16;
    const tile = image.repeat(side ** 2) + (special.img_line_break_token ?? "<|IMG_LINE_BREAK|>");
    const [start, end] = [
      special.boi_token ?? "<|START_OF_IMG|>",
      special.eoi_token ?? "<|END_OF_IMG|>",
    ];
    return { placeholder: image, text: `${start}${tile.repeat(tilesOf(facts))}${end}` };
  },
};

/** Ovis 2: the whole image, then its tiles with marks between columns and rows (arXiv 2405.20797). */
export const ovis2: Family = {
  ...cohere,
  modelTypes: ["ovis2"],
  processorType: "Ovis2ImageProcessor",
  imageToken: "<IMG_ATOM>",
  writtenImage: (facts) => {
    const { processor, plan, image } = facts;
    const tokens = image.repeat(perTile(facts, numberIn(processor, "image_seq_length")));
    const { rows, columns } = plan?.grid ?? { rows: 1, columns: 1 };
    const row = new Array(columns).fill(tokens).join("<IMG_COL>");
    const tiles = rows * columns > 1 ? new Array(rows).fill(row).join("<IMG_ROW>") : "";
    return {
      placeholder: "<image>",
      text: `<IMG_START>${tokens}<IMG_GRID>${tiles}<IMG_END>`,
    };
  },
};
