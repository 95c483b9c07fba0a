/** Processors that resize, crop the centre, rescale and normalise: one image in, one out. @module */
import { cropDraft, cutDraft, type Draft, resizeDraft, startDraft } from "../draft.ts";
import { affineOf, type ImagePlan, wholePlan } from "../image_plan.ts";
import {
  channelsOf,
  factorOf,
  filterOf,
  fixedSize,
  flagOf,
  misfit,
  type ProcessorConfig,
  resizedSize,
  sideOf,
} from "../processor_fields.ts";
import type { ImageSize } from "../resize.ts";
import type { ProcessorKind } from "./processor_kind.ts";

/** Mean and deviation of the images that CLIP was trained on, of ImageNet, and a half for all. */
export const clipMeanAndStd = {
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};
export const halfMeanAndStd = { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] };

const clip = {
  resample: 3,
  size: { shortest_edge: 224 },
  do_center_crop: true,
  crop_size: { height: 224, width: 224 },
  ...clipMeanAndStd,
};

/**
 * Resizes and crops an image as most processors do.
 *
 * @param byClass Whether a number as `size` means a square where the file does not say.
 * @throws {ProcessorFieldError} If a field cannot be used.
 */
export function resizeAndCrop(config: ProcessorConfig, image: Draft, byClass = false): Draft {
  const square = flagOf(config, "default_to_square", byClass);
  if (flagOf(config, "do_pad", false) && (config.pad_size ?? null) !== null) {
    throw misfit("pad_size", config.pad_size, "null, as normalised images are not padded");
  }
  const filter = filterOf(config);
  const resizes = flagOf(config, "do_resize", true) && (config.size ?? undefined) !== undefined;
  const resized = resizes
    ? resizeDraft(image, resizedSize(config.size, image.size, { square }), filter)
    : image;
  if (!flagOf(config, "do_center_crop", false)) return resized;
  return cropDraft(resized, fixedSize(config.crop_size ?? config.size, "crop_size"));
}

/** A plan where a number as `size` means the shortest edge. */
export function edgePlan(config: ProcessorConfig, from: ImageSize): ImagePlan {
  return wholePlan(config, from, resizeAndCrop(config, startDraft(from)));
}

/** Settings that change the image in ways that only a known kind of processor explains. */
const unexplained = ["do_pad", "do_image_splitting", "do_pan_and_scan", "do_thumbnail"];

/** What is done where nothing says what kind of processor it is. */
export const unnamed: ProcessorKind = {
  types: [],
  defaults: {},
  plan: (config, from) => {
    const setting = unexplained.find((name) => config[name] === true);
    if (setting === undefined) return edgePlan(config, from);
    throw new RangeError(
      `Cannot build image processor: "${setting}" is set, supported are do_resize, do_center_crop, do_rescale and do_normalize, others only for a known image_processor_type`,
    );
  },
};

/** CLIP: shortest edge, then the centre. */
export const clipProcessor: ProcessorKind = {
  types: ["CLIPImageProcessor", "ChineseCLIPImageProcessor", "BitImageProcessor"],
  defaults: clip,
  plan: edgePlan,
};

/** LLaVA's own: where `do_pad` is set the image is first made square with the mean colour. */
export const llavaProcessor: ProcessorKind = {
  types: ["LlavaImageProcessor"],
  defaults: { ...clip, do_pad: false },
  plan: (config, from) => {
    const image = startDraft(from);
    const padded = flagOf(config, "do_pad", false)
      ? squareDraft(image, channelsOf(config, "image_mean"))
      : image;
    return wholePlan(config, from, resizeAndCrop(config, padded));
  },
};

/** Puts an image into the middle of a square of one colour, in steps of a byte as it is written. */
function squareDraft(image: Draft, colour: readonly number[]): Draft {
  const { height, width } = image.size;
  const side = Math.max(height, width);
  return cutDraft(image, { height: side, width: side }, {
    top: -Math.floor((side - height) / 2),
    left: -Math.floor((side - width) / 2),
    fill: colour.map((value) => Math.trunc(value * 255) / 255),
  });
}

/** A plan where a number as `size` means a square. */
export function squarePlan(config: ProcessorConfig, from: ImageSize): ImagePlan {
  return wholePlan(config, from, resizeAndCrop(config, startDraft(from), true));
}

/** SigLIP; here a number means the shortest edge. */
export const siglipProcessor: ProcessorKind = {
  types: ["SiglipImageProcessor"],
  defaults: { resample: 3, size: { height: 224, width: 224 }, ...halfMeanAndStd },
  plan: edgePlan,
};

/** BLIP, BLIP-2 and InstructBLIP */
export const blipProcessor: ProcessorKind = {
  types: ["BlipImageProcessor"],
  defaults: { resample: 3, size: { height: 384, width: 384 }, ...clipMeanAndStd },
  plan: squarePlan,
};

/** ViT, and TrOCR with it */
export const vitProcessor: ProcessorKind = {
  types: ["ViTImageProcessor"],
  defaults: { resample: 2, size: { height: 224, width: 224 }, ...halfMeanAndStd },
  plan: squarePlan,
};

/** DeiT */
export const deitProcessor: ProcessorKind = {
  types: ["DeiTImageProcessor"],
  defaults: {
    resample: 3,
    size: { height: 256, width: 256 },
    do_center_crop: true,
    crop_size: { height: 224, width: 224 },
    ...halfMeanAndStd,
  },
  plan: squarePlan,
};

/** ConvNeXT: below 384 pixels a little larger and then the centre, above it the whole image. */
export const convnextProcessor: ProcessorKind = {
  types: ["ConvNextImageProcessor"],
  defaults: {
    resample: 3,
    size: { shortest_edge: 384 },
    crop_pct: 224 / 256,
    ...halfMeanAndStd,
  },
  plan: (config, from) => {
    const image = startDraft(from);
    const resized = flagOf(config, "do_resize", true) ? convnextDraft(config, image) : image;
    const crops = flagOf(config, "do_center_crop", false);
    const crop = crops ? cropDraft(resized, fixedSize(config.crop_size, "crop_size")) : resized;
    return wholePlan(config, from, crop);
  },
};

function convnextDraft(config: ProcessorConfig, image: Draft): Draft {
  const { shortest_edge: edge } = Object(config.size) as { readonly shortest_edge?: unknown };
  const side = sideOf(edge === undefined ? config : { size: edge }, "size");
  const filter = filterOf(config);
  const target = { height: side, width: side };
  if (side >= 384) return resizeDraft(image, target, filter);
  const larger = Math.trunc(side / factorOf(config, "crop_pct", 224 / 256));
  return cropDraft(resizeDraft(image, resizedSize(larger, image.size), filter), target);
}

/** EfficientNet, which may shift the image by −1 before it is normalised, and divide it once more after. */
export const efficientNetProcessor: ProcessorKind = {
  types: ["EfficientNetImageProcessor"],
  defaults: {
    resample: 3,
    size: { height: 346, width: 346 },
    crop_size: { height: 289, width: 289 },
    do_center_crop: false,
    rescale_offset: false,
    include_top: true,
    ...halfMeanAndStd,
  },
  plan: (config, from) => {
    const { scale, bias } = affineOf(config);
    const shifted = flagOf(config, "do_rescale", true) && flagOf(config, "rescale_offset", false);
    const normalised = flagOf(config, "do_normalize", true);
    const std = channelsOf(config, "image_std");
    const offset = std.map((deviation) => shifted ? -1 / (normalised ? deviation : 1) : 0);
    const again = std.map((deviation) => flagOf(config, "include_top", true) ? deviation : 1);
    return {
      ...squarePlan(config, from),
      scale: scale.map((value, channel) => value / again[channel]!),
      bias: bias.map((value, channel) => (value + offset[channel]!) / again[channel]!),
    };
  },
};
