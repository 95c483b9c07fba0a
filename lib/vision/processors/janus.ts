/** The image processor of Janus. @module */
import { cutDraft, resizeDraft, startDraft } from "../draft.ts";
import { wholePlan } from "../image_plan.ts";
import {
  channelsOf,
  countOf,
  filterOf,
  flagOf,
  type ProcessorConfig,
  roundHalfEven,
  sideOf,
} from "../processor_fields.ts";
import type { ImageSize } from "../resize.ts";
import { clipMeanAndStd } from "./plain.ts";
import type { ProcessorKind } from "./processor_kind.ts";

/** Makes the longer edge fit, and puts the image into the middle of a square of one colour. */
const janus = (whole: (size: number) => number): Omit<ProcessorKind, "types"> => ({
  defaults: { resample: 3, size: { height: 384, width: 384 }, min_size: 14, ...clipMeanAndStd },
  plan: (config, from) => {
    const fitted = flagOf(config, "do_resize", true) ? sizeFor(config, from, whole) : from;
    const resized = resizeDraft(startDraft(from), fitted, filterOf(config));
    const side = Math.max(fitted.height, fitted.width);
    const padded = cutDraft(resized, { height: side, width: side }, {
      top: -Math.floor((side - fitted.height) / 2),
      left: -Math.floor((side - fitted.width) / 2),
      fill: backgroundOf(config),
    });
    return wholePlan(config, from, flagOf(config, "do_pad", true) ? padded : resized);
  },
});

/** Janus as Hugging Face has it. */
export const janusProcessor: ProcessorKind = {
  types: ["JanusImageProcessor", "DeepseekVLImageProcessor"],
  ...janus(roundHalfEven),
};

/** Janus as DeepSeek has it: `image_size`, and sizes cut off. */
export const vlmProcessor: ProcessorKind = {
  types: ["VLMImageProcessor"],
  ...janus(Math.trunc),
};

function sizeFor(
  config: ProcessorConfig,
  { height, width }: ImageSize,
  whole: (size: number) => number,
): ImageSize {
  const side = sideOf(config, config.image_size === undefined ? "size" : "image_size");
  const least = countOf(config, "min_size", 14);
  const longest = Math.max(height, width);
  const fitted = (size: number) => Math.max(whole(size * side / longest), least);
  return { height: fitted(height), width: fitted(width) };
}

/** The colour of the mean in bytes, or grey: what a file calls `background_color` is not read. */
function backgroundOf(config: ProcessorConfig): readonly number[] {
  if ((config.image_mean ?? null) === null) return [127 / 255, 127 / 255, 127 / 255];
  return channelsOf(config, "image_mean").map((value) => Math.trunc(value * 255) / 255);
}
