/** The image processor of Donut. @module */
import { cropDraft, cutDraft, type Draft, resizeDraft, startDraft } from "../draft.ts";
import { wholePlan } from "../image_plan.ts";
import {
  filterOf,
  fixedSize,
  flagOf,
  misfit,
  type ProcessorConfig,
  resizedSize,
} from "../processor_fields.ts";
import type { ImageSize } from "../resize.ts";
import { halfMeanAndStd } from "./plain.ts";
import type { ProcessorKind } from "./processor_kind.ts";

/** Donut and Nougat: the shorter edge, shrunk into `size`, and black around it. */
export const donutProcessor: ProcessorKind = {
  types: ["DonutImageProcessor"],
  defaults: {
    resample: 2,
    size: { height: 2560, width: 1920 },
    do_thumbnail: true,
    do_align_long_axis: false,
    do_pad: true,
    ...halfMeanAndStd,
  },
  plan: (config, from) => {
    const size = sizeOf(config);
    const filter = filterOf(config);
    refuseTurning(config, from, size);
    let draft = startDraft(from);
    if (flagOf(config, "do_resize", true)) {
      const edge = Math.min(size.height, size.width);
      draft = resizeDraft(draft, resizedSize({ shortest_edge: edge }, from), filter);
    }
    if (flagOf(config, "do_thumbnail", true)) {
      draft = resizeDraft(draft, shrunkInto(draft.size, size), filter);
    }
    if (flagOf(config, "do_pad", true)) draft = centred(draft, size);
    if (flagOf(config, "do_center_crop", false)) {
      draft = cropDraft(draft, fixedSize(config.crop_size, "crop_size"));
    }
    return wholePlan(config, from, draft);
  },
};

/** Older files write [width, height]. */
function sizeOf({ size }: ProcessorConfig): ImageSize {
  if (!Array.isArray(size)) return fixedSize(size, "size");
  return fixedSize({ height: size[1], width: size[0] }, "size");
}

/** A turn by 90° is no step along the axes. */
function refuseTurning(config: ProcessorConfig, from: ImageSize, to: ImageSize): void {
  const lies = (size: ImageSize) => Math.sign(size.width - size.height);
  if (!flagOf(config, "do_align_long_axis", false) || lies(from) * lies(to) >= 0) return;
  throw misfit("do_align_long_axis", true, "false for images that must be rotated");
}

function shrunkInto(from: ImageSize, to: ImageSize): ImageSize {
  const height = Math.min(from.height, to.height);
  const width = Math.min(from.width, to.width);
  if (height === from.height && width === from.width) return from;
  if (from.height > from.width) {
    return { height, width: Math.trunc(from.width * height / from.height) };
  }
  if (from.width > from.height) {
    return { height: Math.trunc(from.height * width / from.width), width };
  }
  return { height, width };
}

function centred(draft: Draft, size: ImageSize): Draft {
  return cutDraft(draft, size, {
    top: -Math.floor((size.height - draft.size.height) / 2),
    left: -Math.floor((size.width - draft.size.width) / 2),
  });
}
