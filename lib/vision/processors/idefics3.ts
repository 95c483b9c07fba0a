/** The image processor of Idefics3 and SmolVLM. @module */
import { resizeDraft, startDraft, tileDraft } from "../draft.ts";
import { affineOf } from "../image_plan.ts";
import {
  filterOf,
  flagOf,
  type ProcessorConfig,
  resizedSize,
  sideOf,
} from "../processor_fields.ts";
import type { ImageSize } from "../resize.ts";
import { filled } from "./extras.ts";
import { halfMeanAndStd } from "./plain.ts";
import type { ProcessorKind } from "./processor_kind.ts";

/** Longest edge of an image before it is cut, whatever `size` says. */
const maxPixelsOfEdge = 4096;

/**
 * Idefics3 and SmolVLM: the longest edge is resized to `size`; with splitting both edges to multiples
 * of a tile, which are cut out, and the whole once more to one tile.
 */
export const idefics3Processor: ProcessorKind = {
  types: ["Idefics3ImageProcessor", "SmolVLMImageProcessor"],
  defaults: {
    resample: 1,
    size: { longest_edge: 4 * 364 },
    max_image_size: { longest_edge: 364 },
    do_image_splitting: true,
    ...halfMeanAndStd,
  },
  plan: (config, from) => {
    const side = sideOf(config, "max_image_size");
    const [tile, filter] = [{ height: side, width: side }, filterOf(config)];
    const image = startDraft(from);
    const resized = flagOf(config, "do_resize", true)
      ? resizeDraft(image, longestEdge(config, from), filter)
      : image;
    const splits = flagOf(config, "do_image_splitting", true);
    const whole = splits ? resizeDraft(resized, multiplesOf(side, resized.size), filter) : resized;
    const cut = splits && (whole.size.height > side || whole.size.width > side);
    const cutOut = cut ? tileDraft(whole, tile) : [];
    const tiles = [...cutOut, resizeDraft(whole, tile, filter)];
    return {
      from,
      tiles,
      ...affineOf(config),
      layout: { kind: "tiles" },
      grid: {
        rows: cut ? whole.size.height / side : 0,
        columns: cut ? whole.size.width / side : 0,
      },
      extras: { pixel_attention_mask: filled("bool", [tiles.length, side, side], 1) },
    };
  },
};

/** The longest edge as asked for, the other one even. */
function longestEdge(config: ProcessorConfig, { height, width }: ImageSize): ImageSize {
  const edge = Object(config.size).longest_edge === undefined ? undefined : sideOf(config, "size");
  if (edge === undefined) return resizedSize(config.size, { height, width });
  const ratio = width / height;
  const even = (size: number) => Math.max(1, size + size % 2);
  const size = width >= height
    ? { height: even(Math.trunc(edge / ratio)), width: edge }
    : { height: edge, width: even(Math.trunc(edge * ratio)) };
  return within(maxPixelsOfEdge, size);
}

function within(limit: number, { height, width }: ImageSize): ImageSize {
  if (Math.max(height, width) <= limit) return { height, width };
  const ratio = width / height;
  return width >= height
    ? { height: Math.max(1, Math.trunc(limit / ratio)), width: limit }
    : { height: limit, width: Math.max(1, Math.trunc(limit * ratio)) };
}

/** The longer edge up to a multiple of a tile, the other one up to one after it. */
function multiplesOf(side: number, { height, width }: ImageSize): ImageSize {
  const up = (size: number) => Math.ceil(size / side) * side;
  const ratio = width / height;
  if (width >= height) {
    return { height: up(Math.trunc(up(width) / ratio)), width: up(width) };
  }
  return { height: up(height), width: up(Math.trunc(up(height) * ratio)) };
}
