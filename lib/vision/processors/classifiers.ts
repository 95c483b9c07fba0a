/** The image processors of encoders that were made to classify or segment: one image, seldom cropped. @module */
import { cropDraft, resizeDraft, startDraft } from "../draft.ts";
import { wholePlan } from "../image_plan.ts";
import {
  countOf,
  factorOf,
  filterOf,
  fixedSize,
  flagOf,
  imageSize,
  misfit,
  type ProcessorConfig,
  resizedSize,
  roundHalfEven,
} from "../processor_fields.ts";
import type { ImageSize } from "../resize.ts";
import { clipMeanAndStd, edgePlan, halfMeanAndStd, squarePlan } from "./plain.ts";
import type { ProcessorKind } from "./processor_kind.ts";

const imageNetMeanAndStd = {
  image_mean: [0.485, 0.456, 0.406],
  image_std: [0.229, 0.224, 0.225],
};

const squareOf = (side: number): ImageSize => ({ height: side, width: side });

/** BEiT, which is cropped only where the file says so. */
export const beitProcessor: ProcessorKind = {
  types: ["BeitImageProcessor"],
  defaults: { resample: 3, size: squareOf(224), crop_size: squareOf(224), ...halfMeanAndStd },
  plan: squarePlan,
};

/** OWL-ViT */
export const owlVitProcessor: ProcessorKind = {
  types: ["OwlViTImageProcessor"],
  defaults: { resample: 3, size: squareOf(768), crop_size: squareOf(768), ...clipMeanAndStd },
  plan: squarePlan,
};

/** FLAVA */
export const flavaProcessor: ProcessorKind = {
  types: ["FlavaImageProcessor"],
  defaults: {
    resample: 3,
    size: squareOf(224),
    do_center_crop: true,
    crop_size: squareOf(224),
    ...clipMeanAndStd,
  },
  plan: squarePlan,
};

/** PVT */
export const pvtProcessor: ProcessorKind = {
  types: ["PvtImageProcessor"],
  defaults: { resample: 3, size: squareOf(224), ...imageNetMeanAndStd },
  plan: squarePlan,
};

/** SegFormer */
export const segformerProcessor: ProcessorKind = {
  types: ["SegformerImageProcessor"],
  defaults: { resample: 2, size: squareOf(512), ...imageNetMeanAndStd },
  plan: squarePlan,
};

/** MobileNet V1 and V2 */
export const mobileNetProcessor: ProcessorKind = {
  types: ["MobileNetV1ImageProcessor", "MobileNetV2ImageProcessor"],
  defaults: {
    resample: 2,
    size: { shortest_edge: 256 },
    do_center_crop: true,
    crop_size: squareOf(224),
    ...halfMeanAndStd,
  },
  plan: edgePlan,
};

/** Chameleon */
export const chameleonProcessor: ProcessorKind = {
  types: ["ChameleonImageProcessor"],
  defaults: {
    resample: 1,
    size: { shortest_edge: 512 },
    do_center_crop: true,
    crop_size: squareOf(512),
    rescale_factor: 0.0078,
    image_mean: [1, 1, 1],
    image_std: [1, 1, 1],
  },
  plan: edgePlan,
};

/** What is done where the image is first made larger than `size` by a factor, and then cropped. */
const enlarged =
  (larger: (edge: number, config: ProcessorConfig) => number): ProcessorKind["plan"] =>
  (config, from) => {
    const image = startDraft(from);
    const size = flagOf(config, "do_resize", true) ? sizeOf(config, from, larger) : from;
    const resized = resizeDraft(image, size, filterOf(config));
    const crops = flagOf(config, "do_center_crop", false);
    const crop = crops ? cropDraft(resized, fixedSize(config.crop_size, "crop_size")) : resized;
    return wholePlan(config, from, crop);
  };

function sizeOf(
  { size, ...config }: ProcessorConfig,
  from: ImageSize,
  larger: (edge: number, config: ProcessorConfig) => number,
): ImageSize {
  const { shortest_edge: edge = size } = Object(size) as { readonly shortest_edge?: unknown };
  return resizedSize(typeof edge === "number" ? larger(edge, config) : size, from);
}

const cropDefaults = {
  resample: 3,
  size: { shortest_edge: 224 },
  do_center_crop: true,
  crop_size: squareOf(224),
  ...imageNetMeanAndStd,
};

/** LeViT: an edge of 224 means 256 before the crop. */
export const levitProcessor: ProcessorKind = {
  types: ["LevitImageProcessor"],
  defaults: cropDefaults,
  plan: enlarged((edge) => Math.trunc(256 / 224 * edge)),
};

/** PoolFormer: the crop shows a share of the image. */
export const poolFormerProcessor: ProcessorKind = {
  types: ["PoolFormerImageProcessor"],
  defaults: { ...cropDefaults, crop_pct: 0.9 },
  plan: enlarged((edge, config) => Math.trunc(edge / factorOf(config, "crop_pct", 0.9))),
};

/** DPT: with sides that are multiples of a number, and where asked for in the image's own shape. */
export const dptProcessor: ProcessorKind = {
  types: ["DPTImageProcessor"],
  defaults: {
    resample: 3,
    size: squareOf(384),
    keep_aspect_ratio: false,
    ensure_multiple_of: 1,
    ...halfMeanAndStd,
  },
  plan: (config, from) => {
    if (flagOf(config, "do_pad", false) && (config.size_divisor ?? null) !== null) {
      throw misfit("do_pad", true, "false, as normalised images are not padded");
    }
    const size = flagOf(config, "do_resize", true) ? dptSize(config, from) : from;
    return wholePlan(config, from, resizeDraft(startDraft(from), size, filterOf(config)));
  },
};

function dptSize(config: ProcessorConfig, from: ImageSize): ImageSize {
  const wanted = fixedSize(config.size, "size");
  const multiple = countOf(config, "ensure_multiple_of");
  const [high, wide] = [wanted.height / from.height, wanted.width / from.width];
  const keeps = flagOf(config, "keep_aspect_ratio", false);
  // Of the two scales the one that changes the image least.
  const scale = Math.abs(1 - wide) < Math.abs(1 - high) ? wide : high;
  const near = (size: number) => roundHalfEven(size / multiple) * multiple;
  return imageSize({
    height: near((keeps ? scale : high) * from.height),
    width: near((keeps ? scale : wide) * from.width),
  });
}
