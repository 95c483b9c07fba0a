/** The image processor of InternVL and GOT-OCR 2. @module */
import { resizeDraft, startDraft, tileDraft } from "../draft.ts";
import { affineOf } from "../image_plan.ts";
import { countOf, filterOf, fixedSize, flagOf, imageSize } from "../processor_fields.ts";
import type { ImageSize } from "../resize.ts";
import { clipMeanAndStd, resizeAndCrop } from "./plain.ts";
import type { ProcessorKind } from "./processor_kind.ts";

/** InternVL and GOT-OCR 2: the grid of tiles with the closest shape, then the whole as one tile. */
export const gotOcr2Processor: ProcessorKind = {
  types: ["GotOcr2ImageProcessor", "InternVLImageProcessor"],
  defaults: {
    resample: 3,
    size: { height: 384, width: 384 },
    crop_to_patches: false,
    min_patches: 1,
    max_patches: 12,
    ...clipMeanAndStd,
  },
  plan: (config, from) => {
    const image = startDraft(from);
    const most = countOf(config, "max_patches");
    const cuts = flagOf(config, "crop_to_patches", false) && most > 1;
    const layout = { kind: "tiles" } as const;
    if (!cuts) {
      const tiles = [resizeAndCrop(config, image, true)];
      const grid = { rows: 0, columns: 0 };
      return { from, tiles, ...affineOf(config), layout, grid, extras: {} };
    }
    const tile = fixedSize(config.size, "size");
    const { rows, columns } = closestGrid(from, tile, [countOf(config, "min_patches"), most]);
    const size = imageSize({ height: rows * tile.height, width: columns * tile.width });
    const filter = filterOf(config);
    const tiles = tileDraft(resizeDraft(image, size, filter), tile);
    const last = tiles.length > 1 ? [resizeDraft(image, tile, filter)] : [];
    return {
      from,
      tiles: [...tiles, ...last],
      ...affineOf(config),
      layout,
      grid: { rows, columns },
      extras: {},
    };
  },
};

/**
 * The grid whose shape is closest to the image's, row by row from the smallest; of equally close
 * ones a larger one where the image has pixels for at least half of it.
 */
export function closestGrid(
  { height, width }: ImageSize,
  tile: ImageSize,
  [least, most]: readonly [number, number],
): { readonly rows: number; readonly columns: number } {
  let best = { rows: 1, columns: 1 };
  let closest = Infinity;
  for (const grid of gridsOf(least, most)) {
    const distance = Math.abs(width / height - grid.columns / grid.rows);
    const half = 0.5 * tile.height * tile.width * grid.columns * grid.rows;
    if (distance < closest || (distance === closest && height * width > half)) best = grid;
    closest = Math.min(closest, distance);
  }
  return best;
}

/** All grids of some tiles, the smallest first, and of one size the narrowest first. */
function gridsOf(least: number, most: number) {
  const grids: { rows: number; columns: number }[] = [];
  for (let columns = 1; columns <= most; columns++) {
    for (let rows = 1; rows <= most; rows++) {
      const count = columns * rows;
      if (count >= least && count <= most) grids.push({ rows, columns });
    }
  }
  return grids.sort((a, b) => a.rows * a.columns - b.rows * b.columns);
}
