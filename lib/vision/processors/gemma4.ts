/** The image processor of Gemma 4. @module */
import { resizeDraft, startDraft } from "../draft.ts";
import { affineOf } from "../image_plan.ts";
import { countOf, filterOf, flagOf, imageSize, misfit } from "../processor_fields.ts";
import type { ImageSize } from "../resize.ts";
import { rowsOf } from "./extras.ts";
import type { ProcessorKind } from "./processor_kind.ts";

/** Gemma 4: about its own shape, in a limited number of patches, with their places in another tensor. */
export const gemma4Processor: ProcessorKind = {
  types: ["Gemma4ImageProcessor"],
  defaults: {
    resample: 3,
    patch_size: 16,
    max_soft_tokens: 280,
    pooling_kernel_size: 3,
    do_normalize: false,
    image_mean: [0, 0, 0],
    image_std: [1, 1, 1],
  },
  plan: (config, from) => {
    const [side, pool] = [countOf(config, "patch_size"), countOf(config, "pooling_kernel_size")];
    const most = countOf(config, "max_soft_tokens") * pool ** 2;
    const size = flagOf(config, "do_resize", true) ? sizeFor(from, { side, pool, most }) : from;
    const [rows, columns] = [Math.floor(size.height / side), Math.floor(size.width / side)];
    if (rows * columns > most) {
      throw misfit("max_soft_tokens", most / pool ** 2, `enough for ${rows}×${columns} patches`);
    }
    return {
      from,
      tiles: [resizeDraft(startDraft(from), imageSize(size), filterOf(config))],
      ...affineOf(config),
      layout: { kind: "patch-rows", side, most },
      grid: { rows: Math.floor(rows / pool), columns: Math.floor(columns / pool) },
      extras: { image_position_ids: places(rows, columns, most) },
    };
  },
};

/** The largest size of the image's shape whose sides are multiples of a pool of patches. */
function sizeFor(
  { height, width }: ImageSize,
  { side, pool, most }: { readonly side: number; readonly pool: number; readonly most: number },
): ImageSize {
  const block = side * pool;
  const scale = Math.sqrt(most * side ** 2 / (height * width));
  const down = (size: number) => Math.floor(scale * size / block) * block;
  const longest = most / pool ** 2 * block;
  // A narrow image is one block thin, and as long as its shape has blocks.
  const along = (ratio: number) => Math.min(Math.floor(ratio) * block, longest);
  if (down(height) === 0) return { height: block, width: along(width / height) };
  if (down(width) === 0) return { height: along(height / width), width: block };
  return { height: down(height), width: down(width) };
}

/** Column and row of each patch, then -1: int64 [1, most, 2]. */
function places(rows: number, columns: number, most: number) {
  const list = Array.from({ length: most }, (_, i) => {
    if (i >= rows * columns) return [-1, -1];
    return [i % columns, Math.floor(i / columns)];
  });
  return { ...rowsOf(list), dims: [1, most, 2] };
}
