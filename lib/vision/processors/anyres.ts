/** LLaVA-NeXT and LLaVA-OneVision: the whole image, and tiles of it at the best of some sizes. @module */
import { cutDraft, type Draft, resizeDraft, sameSize, startDraft, tileDraft } from "../draft.ts";
import { affineOf, type ImagePlan, wholePlan } from "../image_plan.ts";
import {
  filterOf,
  fixedSize,
  imageSize,
  misfit,
  type ProcessorConfig,
} from "../processor_fields.ts";
import type { ImageSize } from "../resize.ts";
import { rowOf } from "./extras.ts";
import { clipMeanAndStd, resizeAndCrop } from "./plain.ts";
import type { PlanOptions, ProcessorKind } from "./processor_kind.ts";

/** LLaVA-NeXT (LLaVA 1.6) */
export const llavaNextProcessor: ProcessorKind = {
  types: ["LlavaNextImageProcessor"],
  defaults: {
    resample: 3,
    size: { shortest_edge: 224 },
    do_center_crop: true,
    crop_size: { height: 224, width: 224 },
    image_grid_pinpoints: [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]],
    ...clipMeanAndStd,
  },
  plan,
};

const steps = [384, 768, 1152, 1536, 1920, 2304];

/** LLaVA-OneVision */
export const llavaOnevisionProcessor: ProcessorKind = {
  types: ["LlavaOnevisionImageProcessor"],
  defaults: {
    resample: 3,
    size: { height: 384, width: 384 },
    image_grid_pinpoints: steps.flatMap((height) => steps.map((width) => [height, width])),
    ...clipMeanAndStd,
  },
  plan,
};

function plan(
  config: ProcessorConfig,
  from: ImageSize,
  { whole = false }: PlanOptions,
): ImagePlan {
  const image = startDraft(from);
  const filter = filterOf(config);
  const size = fixedSize(config.size, "size");
  const finish = (tile: Draft) => resizeAndCrop(config, tile);
  const base = finish(resizeDraft(image, size, filter));
  if (whole) return wholePlan(config, from, base);
  const best = bestResolution(from, pinpointsOf(config));
  const side = (config.crop_size ?? null) === null
    ? size.height
    : fixedSize(config.crop_size, "crop_size").height;
  const fitted = resizeDraft(image, fit(from, best), filter);
  const padded = cutDraft(fitted, best, {
    top: -Math.floor((best.height - fitted.size.height) / 2),
    left: -Math.floor((best.width - fitted.size.width) / 2),
  });
  const tiles = [base, ...tileDraft(padded, { height: side, width: side }).map(finish)];
  if (tiles.some((tile) => !sameSize(tile.size, base.size))) {
    throw misfit("image_grid_pinpoints", [best.height, best.width], `multiples of ${side}`);
  }
  return {
    from,
    tiles,
    ...affineOf(config),
    layout: { kind: "tiles" },
    grid: { rows: Math.ceil(best.height / side), columns: Math.ceil(best.width / side) },
    extras: { image_sizes: rowOf(from.height, from.width) },
  };
}

/** Sizes to choose from, [height, width]. @throws {ProcessorFieldError} If they are not sizes. */
function pinpointsOf(config: ProcessorConfig): readonly ImageSize[] {
  const points = config.image_grid_pinpoints;
  if (!Array.isArray(points) || points.length === 0) {
    throw misfit("image_grid_pinpoints", points, "a list of sizes, [height, width]");
  }
  return points.map((point: unknown) => {
    const [height, width] = Array.isArray(point) ? point : [];
    return imageSize({ height, width }, "image_grid_pinpoints");
  });
}

/** The size that keeps most of the image's pixels, and of those the one that wastes least. */
function bestResolution(
  { height, width }: ImageSize,
  sizes: readonly ImageSize[],
): ImageSize {
  let [best, most, least] = [sizes[0]!, 0, Infinity];
  for (const size of sizes) {
    const scale = Math.min(size.width / width, size.height / height);
    const shown = Math.trunc(width * scale) * Math.trunc(height * scale);
    const kept = Math.min(shown, width * height);
    const wasted = size.width * size.height - kept;
    if (kept > most || (kept === most && wasted < least)) {
      [best, most, least] = [size, kept, wasted];
    }
  }
  return best;
}

/** The image's size where it is made to fit into another. */
function fit({ height, width }: ImageSize, into: ImageSize): ImageSize {
  const [wide, high] = [into.width / width, into.height / height];
  return wide < high
    ? { height: Math.min(Math.ceil(height * wide), into.height), width: into.width }
    : { height: into.height, width: Math.min(Math.ceil(width * high), into.width) };
}
