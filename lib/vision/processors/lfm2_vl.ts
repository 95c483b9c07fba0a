/** The image processor of LFM2-VL. @module */
import { type Draft, resizeDraft, startDraft, tileDraft } from "../draft.ts";
import { affineOf, type ImagePlan } from "../image_plan.ts";
import {
  countOf,
  factorOf,
  filterOf,
  flagOf,
  imageSize,
  type ProcessorConfig,
  roundHalfEven,
} from "../processor_fields.ts";
import type { ImageSize } from "../resize.ts";
import { patchMask, rowsOf } from "./extras.ts";
import { closestGrid } from "./got_ocr2.ts";
import { halfMeanAndStd } from "./plain.ts";
import type { ProcessorKind } from "./processor_kind.ts";
import { smartSize } from "./qwen2_vl.ts";

/**
 * LFM2-VL: an image of its own shape in whole blocks of patches; a large one in tiles, with the
 * whole behind them.
 */
export const lfm2VlProcessor: ProcessorKind = {
  types: ["Lfm2VlImageProcessor"],
  defaults: {
    resample: 2,
    downsample_factor: 2,
    do_image_splitting: true,
    min_tiles: 2,
    max_tiles: 10,
    use_thumbnail: true,
    min_image_tokens: 64,
    max_image_tokens: 256,
    encoder_patch_size: 16,
    tile_size: 512,
    max_pixels_tolerance: 2,
    ...halfMeanAndStd,
  },
  plan: (config, from): ImagePlan => {
    const image = startDraft(from);
    const side = countOf(config, "encoder_patch_size");
    const block = side * countOf(config, "downsample_factor");
    const grid = tileGrid(config, from, block);
    const whole = resizeDraft(image, imageSize(ownSize(config, from, block)), filterOf(config));
    const cut = cutTiles(config, image, grid);
    const addsWhole = grid.rows * grid.columns <= 1 || flagOf(config, "use_thumbnail", true);
    const tiles = cut.length === 0 ? [whole] : [...cut, ...addsWhole ? [whole] : []];
    const shapes = tiles.map(({ size }) => [size.height / side, size.width / side]);
    const most = maxPatches(config);
    return {
      from,
      tiles,
      ...affineOf(config),
      layout: { kind: "patch-rows", side, most },
      grid,
      extras: {
        pixel_attention_mask: patchMask(shapes.map(([rows, columns]) => rows! * columns!), most),
        spatial_shapes: rowsOf(shapes),
      },
    };
  },
};

const splits = (config: ProcessorConfig) => flagOf(config, "do_image_splitting", true);

function maxPatches(config: ProcessorConfig): number {
  const ofWhole = countOf(config, "max_image_tokens") * countOf(config, "downsample_factor") ** 2;
  const ofTile = Math.floor(
    countOf(config, "tile_size") / countOf(config, "encoder_patch_size"),
  ) ** 2;
  return splits(config) ? Math.max(ofWhole, ofTile) : ofWhole;
}

/** The whole image's size: at least one block each way, about as many tokens as allowed. */
function ownSize(config: ProcessorConfig, from: ImageSize, block: number): ImageSize {
  const tokens = block ** 2;
  const limits = [
    countOf(config, "min_image_tokens") * tokens,
    countOf(config, "max_image_tokens") * tokens,
  ] as const;
  return smartSize(from, block, limits, block);
}

function tileGrid(config: ProcessorConfig, from: ImageSize, block: number) {
  const one = { rows: 1, columns: 1 };
  const most = countOf(config, "max_tiles");
  const least = countOf(config, "min_tiles");
  if (!splits(config) || (least === 1 && most === 1)) return one;
  const patch = countOf(config, "encoder_patch_size");
  const near = (size: number) => Math.max(patch, roundHalfEven(size / block) * block);
  const limit = countOf(config, "max_image_tokens") * block ** 2 *
    factorOf(config, "max_pixels_tolerance", 2);
  if (near(from.height) * near(from.width) <= limit) return one;
  const side = countOf(config, "tile_size");
  return closestGrid(from, { height: side, width: side }, [least, most]);
}

function cutTiles(
  config: ProcessorConfig,
  image: Draft,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): readonly Draft[] {
  if (rows * columns <= 1) return [];
  const side = countOf(config, "tile_size");
  const size = imageSize({ height: rows * side, width: columns * side });
  return tileDraft(resizeDraft(image, size, filterOf(config)), { height: side, width: side });
}
