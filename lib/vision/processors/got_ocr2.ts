/** The image processors of InternVL, GOT-OCR 2, Command A Vision and Ovis 2: grids of tiles. @module */
import { resizeDraft, startDraft, tileDraft } from "../draft.ts";
import { affineOf } from "../image_plan.ts";
import {
  countOf,
  filterOf,
  fixedSize,
  flagOf,
  imageSize,
  type ProcessorConfig,
} from "../processor_fields.ts";
import type { ImageSize } from "../resize.ts";
import { clipMeanAndStd, resizeAndCrop } from "./plain.ts";
import type { ProcessorKind } from "./processor_kind.ts";

/** Rows and columns of tiles. */
interface Grid {
  readonly rows: number;
  readonly columns: number;
}

/** Chooses the grid of tiles for an image. */
type ChooseGrid = (config: ProcessorConfig, from: ImageSize, tile: ImageSize) => Grid;

/** A plan that cuts the image into tiles, with the whole as one more tile. */
function cutPlan(choose: ChooseGrid, whole: "first" | "last"): ProcessorKind["plan"] {
  return (config, from) => {
    const image = startDraft(from);
    const layout = { kind: "tiles" } as const;
    if (!flagOf(config, "crop_to_patches", false) || countOf(config, "max_patches") === 1) {
      const tiles = [resizeAndCrop(config, image, true)];
      const grid = { rows: 0, columns: 0 };
      return { from, tiles, ...affineOf(config), layout, grid, extras: {} };
    }
    const tile = fixedSize(config.size, "size");
    const grid = choose(config, from, tile);
    const size = imageSize({ height: grid.rows * tile.height, width: grid.columns * tile.width });
    const filter = filterOf(config);
    const cut = tileDraft(resizeDraft(image, size, filter), tile);
    const all = cut.length > 1 ? [resizeDraft(image, tile, filter)] : [];
    const tiles = whole === "first" ? [...all, ...cut] : [...cut, ...all];
    return { from, tiles, ...affineOf(config), layout, grid, extras: {} };
  };
}

const defaults = {
  resample: 3,
  size: { height: 384, width: 384 },
  crop_to_patches: false,
  min_patches: 1,
  max_patches: 12,
  ...clipMeanAndStd,
};

const limitsOf = (config: ProcessorConfig) =>
  [countOf(config, "min_patches"), countOf(config, "max_patches")] as const;

/** InternVL and GOT-OCR 2: the grid of tiles with the closest shape, then the whole as one tile. */
export const gotOcr2Processor: ProcessorKind = {
  types: ["GotOcr2ImageProcessor", "InternVLImageProcessor"],
  defaults,
  plan: cutPlan((config, from, tile) => closestGrid(from, tile, limitsOf(config)), "last"),
};

/** Command A Vision: the grid that needs the least enlarging, or else the least shrinking. */
export const cohere2VisionProcessor: ProcessorKind = {
  types: ["Cohere2VisionImageProcessor"],
  defaults: {
    ...defaults,
    size: { height: 512, width: 512 },
    crop_to_patches: true,
    patch_size: 16,
  },
  plan: cutPlan(
    (config, from, tile) => leastScaledGrid(from, tile, countOf(config, "max_patches")),
    "last",
  ),
};

/** Ovis 2: the whole as one tile, then the smallest grid whose tiles cover the image. */
export const ovis2Processor: ProcessorKind = {
  types: ["Ovis2ImageProcessor"],
  defaults: { ...defaults, use_covering_area_grid: true },
  plan: cutPlan(
    (config, from, tile) =>
      flagOf(config, "use_covering_area_grid", true)
        ? coveringGrid(from, tile.height, countOf(config, "max_patches"))
        : closestGrid(from, tile, limitsOf(config)),
    "first",
  ),
};

/** Of the grids that are no smaller than the image the least enlarged one, else the least shrunk one. */
function leastScaledGrid({ height, width }: ImageSize, tile: ImageSize, most: number): Grid {
  const scaleOf = ({ rows, columns }: Grid) =>
    Math.min(columns * tile.height / width, rows * tile.height / height);
  const grids = gridsOf(1, most).map((grid) => ({ grid, scale: scaleOf(grid) }));
  const enlarged = grids.filter(({ scale }) => scale >= 1);
  return enlarged.length > 0
    ? enlarged.reduce((best, one) => one.scale < best.scale ? one : best).grid
    : grids.reduce((best, one) => one.scale > best.scale ? one : best).grid;
}

/** Share of the image that the tiles of a grid have to show in full. */
const coveringThreshold = 0.9;

/**
 * The smallest grid whose cells lose little when each is shrunk to a tile; of equal ones the one that
 * loses least. As the reference, it takes the rows of the cells for columns of tiles.
 */
function coveringGrid({ height, width }: ImageSize, side: number, most: number): Grid {
  const shown = (grid: Grid) => {
    let area = 0;
    for (const down of cells(height, grid.columns)) {
      for (const across of cells(width, grid.rows)) area += shownArea(down, across, side);
    }
    return area / (height * width);
  };
  const grids = gridsOf(1, most).map((grid) => ({
    grid,
    shown: shown(grid),
    count: grid.rows * grid.columns,
  }));
  const enough = grids.filter((one) => one.shown > coveringThreshold);
  const isBetter = enough.length > 0
    ? (a: typeof grids[0], b: typeof grids[0]) =>
      a.count < b.count || (a.count === b.count && a.shown > b.shown)
    : (a: typeof grids[0], b: typeof grids[0]) =>
      a.shown > b.shown || (a.shown === b.shown && a.count < b.count);
  return (enough.length > 0 ? enough : grids)
    .reduce((best, one) => isBetter(one, best) ? one : best).grid;
}

/** A length cut into equal parts; the last one takes what is left. */
function cells(length: number, count: number): readonly number[] {
  const size = Math.floor(length / count);
  return Array.from({ length: count }, (_, i) => i < count - 1 ? size : length - i * size);
}

/** Pixels of a cell that are left when its longer side is at most one tile's. */
function shownArea(height: number, width: number, side: number): number {
  const [long, short] = [Math.max(height, width), Math.min(height, width)];
  return long > side ? short / long * side * side : long * short;
}

/**
 * The grid whose shape is closest to the image's, row by row from the smallest; of equally close
 * ones a larger one where the image has pixels for at least half of it.
 */
export function closestGrid(
  { height, width }: ImageSize,
  tile: ImageSize,
  [least, most]: readonly [number, number],
): Grid {
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
