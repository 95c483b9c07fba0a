/** The image processor of Pixtral and Mistral 3. @module */
import { cropDraft, resizeDraft, startDraft } from "../draft.ts";
import { wholePlan } from "../image_plan.ts";
import {
  filterOf,
  fixedSize,
  flagOf,
  imageSize,
  type ProcessorConfig,
} from "../processor_fields.ts";
import type { ImageSize } from "../resize.ts";
import { rowOf } from "./extras.ts";
import { clipMeanAndStd } from "./plain.ts";
import type { ProcessorKind } from "./processor_kind.ts";

/** Pixtral and Mistral 3: at most as long as `size`, both sides up to multiples of a patch. */
export const pixtralProcessor: ProcessorKind = {
  types: ["PixtralImageProcessor"],
  defaults: {
    resample: 3,
    size: { longest_edge: 1024 },
    patch_size: { height: 16, width: 16 },
    ...clipMeanAndStd,
  },
  plan: (config, from) => {
    const image = startDraft(from);
    const patch = fixedSize(config.patch_size, "patch_size");
    const resized = flagOf(config, "do_resize", true)
      ? resizeDraft(image, imageSize(wholePatches(config, from, patch)), filterOf(config))
      : image;
    const tile = flagOf(config, "do_center_crop", false)
      ? cropDraft(resized, fixedSize(config.crop_size, "crop_size"))
      : resized;
    return {
      ...wholePlan(config, from, tile),
      grid: { rows: tile.size.height / patch.height, columns: tile.size.width / patch.width },
      extras: { image_sizes: rowOf(tile.size.height, tile.size.width) },
    };
  },
};

function wholePatches(
  config: ProcessorConfig,
  { height, width }: ImageSize,
  patch: ImageSize,
): ImageSize {
  const edge = Object(config.size).longest_edge;
  const limit = fixedSize(edge ?? config.size, "size");
  const ratio = Math.max(height / limit.height, width / limit.width);
  const shrunk = (size: number) => ratio > 1 ? Math.floor(size / ratio) : size;
  const up = (size: number, to: number) => (Math.floor((size - 1) / to) + 1) * to;
  return { height: up(shrunk(height), patch.height), width: up(shrunk(width), patch.width) };
}
