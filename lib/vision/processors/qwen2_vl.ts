/** The image processor of Qwen2-VL. @module */
import { resizeDraft, startDraft } from "../draft.ts";
import { affineOf } from "../image_plan.ts";
import {
  countOf,
  filterOf,
  flagOf,
  imageSize,
  misfit,
  type ProcessorConfig,
  roundHalfEven,
} from "../processor_fields.ts";
import type { ImageSize } from "../resize.ts";
import { rowOf } from "./extras.ts";
import { clipMeanAndStd } from "./plain.ts";
import type { ProcessorKind } from "./processor_kind.ts";

/** Images that are longer than this many times their width are refused. */
const longestRatio = 200;

/**
 * Qwen2-VL and those after it: both sides to multiples of a block of patches, the pixels within
 * limits, and the patches in the order of the blocks.
 */
export const qwen2VlProcessor: ProcessorKind = {
  types: ["Qwen2VLImageProcessor", "Lfm3VlImageProcessor"],
  defaults: {
    resample: 3,
    size: { shortest_edge: 56 * 56, longest_edge: 28 * 28 * 1280 },
    patch_size: 14,
    merge_size: 2,
    temporal_patch_size: 2,
    ...clipMeanAndStd,
  },
  plan: (config, from) => {
    const [side, merge] = [countOf(config, "patch_size"), countOf(config, "merge_size")];
    const repeat = countOf(config, "temporal_patch_size");
    const size = flagOf(config, "do_resize", true)
      ? smartSize(from, side * merge, pixelLimits(config))
      : from;
    if (size.height % (side * merge) || size.width % (side * merge)) {
      throw misfit("do_resize", false, `images whose sides are multiples of ${side * merge}`);
    }
    const tile = resizeDraft(startDraft(from), imageSize(size), filterOf(config));
    const [rows, columns] = [size.height / side, size.width / side];
    return {
      from,
      tiles: [tile],
      ...affineOf(config),
      layout: { kind: "merged-patches", side, merge, repeat },
      grid: { rows: rows / merge, columns: columns / merge },
      extras: { image_grid_thw: rowOf(1, rows, columns) },
    };
  },
};

/** GLM-4.1V and those after it: as Qwen2-VL, but the pixels are counted in all frames of the film. */
export const glm4vProcessor: ProcessorKind = {
  types: ["Glm4vImageProcessor", "Glm46VImageProcessor"],
  defaults: {
    ...qwen2VlProcessor.defaults,
    size: { shortest_edge: 112 * 112, longest_edge: 28 * 28 * 15000 },
  },
  plan: (config, from, options) => {
    const frames = countOf(config, "temporal_patch_size");
    const block = countOf(config, "patch_size") * countOf(config, "merge_size");
    const [low, high] = pixelLimits(config);
    const small = Math.max(1, block / from.height, block / from.width);
    const raised = small === 1
      ? from
      : { height: Math.trunc(from.height * small), width: Math.trunc(from.width * small) };
    const size = smartSize(raised, block, [low / frames, high / frames]);
    const { height, width } = size;
    // The size is settled: what is left to do is the same.
    const settled = { min_pixels: 1, max_pixels: Number.MAX_SAFE_INTEGER };
    const plan = qwen2VlProcessor.plan({ ...config, ...settled }, { height, width }, options);
    const tile = resizeDraft(startDraft(from), imageSize(size), filterOf(config));
    return { ...plan, from, tiles: [tile] };
  },
};

/** PaddleOCR-VL: one frame, the patches row by row as small images; narrow images are widened first. */
export const paddleOcrVlProcessor: ProcessorKind = {
  types: ["PaddleOCRVLImageProcessor"],
  defaults: {
    ...qwen2VlProcessor.defaults,
    size: { shortest_edge: 384 * 384, longest_edge: 1536 * 1536 },
    temporal_patch_size: 1,
  },
  plan: (config, from) => {
    const [side, merge] = [countOf(config, "patch_size"), countOf(config, "merge_size")];
    const repeat = countOf(config, "temporal_patch_size");
    const raised = raisedTo(side * merge, from);
    const size = imageSize(smartSize(raised, side * merge, pixelLimits(config)));
    const [rows, columns] = [size.height / side, size.width / side];
    return {
      from,
      tiles: [resizeDraft(startDraft(from), size, filterOf(config))],
      ...affineOf(config),
      layout: { kind: "merged-patches", side, merge: 1, repeat, planes: true },
      grid: { rows: rows / merge, columns: columns / merge },
      extras: { image_grid_thw: rowOf(1, rows, columns) },
    };
  },
};

/** The size with a shape as before whose sides are at least so long. */
function raisedTo(least: number, { height, width }: ImageSize): ImageSize {
  const wide = height < least
    ? { height: least, width: roundHalfEven(width * least / height) }
    : { height, width };
  return wide.width < least
    ? { height: roundHalfEven(wide.height * least / wide.width), width: least }
    : wide;
}

/**
 * Fewest and most pixels; older files name them so, newer ones call them edges.
 *
 * @throws {ProcessorFieldError} If a limit is not a number of pixels.
 */
function pixelLimits(config: ProcessorConfig): readonly [number, number] {
  const size = Object(config.size) as ProcessorConfig;
  const limit = (name: "min_pixels" | "max_pixels", edge: string) => {
    const value = config[name] ?? size[name] ?? size[edge];
    if (typeof value === "number" && value >= 1) return value;
    throw misfit(`size.${edge}`, value, "a number of pixels");
  };
  return [limit("min_pixels", "shortest_edge"), limit("max_pixels", "longest_edge")];
}

/**
 * Sides that are multiples of `factor`, about the image's own, with `low` to `high` pixels.
 *
 * @param least Shortest side before the pixels are counted.
 *
 * @throws {RangeError} If one side is many times (`longestRatio`) as long as the other.
 */
export function smartSize(
  { height, width }: ImageSize,
  factor: number,
  [low, high]: readonly [number, number],
  least = 0,
): ImageSize {
  const ratio = Math.max(height, width) / Math.min(height, width);
  if (ratio > longestRatio) {
    throw new RangeError(
      `Cannot prepare an image of ${width}×${height} pixels: one side is more than ${longestRatio} times as long as the other`,
    );
  }
  const near = (size: number) => Math.max(least, roundHalfEven(size / factor) * factor);
  const area = near(height) * near(width);
  if (area > high) {
    const shrink = Math.sqrt(height * width / high);
    const down = (size: number) => Math.max(factor, Math.floor(size / shrink / factor) * factor);
    return { height: down(height), width: down(width) };
  }
  if (area < low) {
    const grow = Math.sqrt(low / (height * width));
    const up = (size: number) => Math.ceil(size * grow / factor) * factor;
    return { height: up(height), width: up(width) };
  }
  return { height: near(height), width: near(width) };
}
