/** The image processor of SigLIP 2 NaFlex. @module */
import { resizeDraft, startDraft } from "../draft.ts";
import { affineOf } from "../image_plan.ts";
import { countOf, filterOf, flagOf, imageSize } from "../processor_fields.ts";
import type { ImageSize } from "../resize.ts";
import { patchMask, rowOf } from "./extras.ts";
import { halfMeanAndStd } from "./plain.ts";
import type { ProcessorKind } from "./processor_kind.ts";

/** SigLIP 2 NaFlex: about its own shape, in a limited number of patches, filled up with zeros. */
export const siglip2Processor: ProcessorKind = {
  types: ["Siglip2ImageProcessor"],
  defaults: { resample: 2, patch_size: 16, max_num_patches: 256, ...halfMeanAndStd },
  plan: (config, from) => {
    const [side, most] = [countOf(config, "patch_size"), countOf(config, "max_num_patches")];
    const size = flagOf(config, "do_resize", true) ? sizeFor(from, side, most) : from;
    const tile = resizeDraft(startDraft(from), imageSize(size), filterOf(config));
    const [rows, columns] = [Math.floor(size.height / side), Math.floor(size.width / side)];
    return {
      from,
      tiles: [tile],
      ...affineOf(config),
      layout: { kind: "patch-rows", side, most },
      grid: { rows, columns },
      extras: {
        pixel_attention_mask: patchMask([rows * columns], most),
        spatial_shapes: rowOf(rows, columns),
      },
    };
  },
};

/** The largest size with at most `most` patches, found by halving as the reference does. */
export function sizeFor({ height, width }: ImageSize, side: number, most: number): ImageSize {
  const precision = 1e-5;
  const scaled = (scale: number, size: number) =>
    Math.max(side, Math.ceil(size * scale / side) * side);
  let [low, high] = [precision / 10, 100];
  while (high - low >= precision) {
    const scale = (low + high) / 2;
    const patches = scaled(scale, height) / side * (scaled(scale, width) / side);
    if (patches <= most) low = scale;
    else high = scale;
  }
  return { height: scaled(low, height), width: scaled(low, width) };
}
