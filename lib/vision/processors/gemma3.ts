/** The image processor of Gemma 3. @module */
import { cutDraft, type Draft, startDraft } from "../draft.ts";
import { affineOf } from "../image_plan.ts";
import { countOf, factorOf, flagOf, type ProcessorConfig } from "../processor_fields.ts";
import { halfMeanAndStd, resizeAndCrop } from "./plain.ts";
import type { ProcessorKind } from "./processor_kind.ts";

/** Gemma 3: the whole image, and with pan and scan crops along the longer side of long ones. */
export const gemma3Processor: ProcessorKind = {
  types: ["Gemma3ImageProcessor"],
  defaults: {
    resample: 2,
    size: { height: 224, width: 224 },
    do_pan_and_scan: false,
    pan_and_scan_min_crop_size: 256,
    pan_and_scan_max_num_crops: 4,
    pan_and_scan_min_ratio_to_activate: 1.2,
    ...halfMeanAndStd,
  },
  plan: (config, from) => {
    const image = startDraft(from);
    const pans = flagOf(config, "do_pan_and_scan", false);
    const crops = pans ? panAndScan(config, image) : [];
    const wide = from.width >= from.height;
    return {
      from,
      tiles: [image, ...crops].map((crop) => resizeAndCrop(config, crop, true)),
      ...affineOf(config),
      layout: { kind: "tiles" },
      grid: {
        rows: wide ? Math.min(1, crops.length) : crops.length,
        columns: wide ? crops.length : Math.min(1, crops.length),
      },
      extras: {},
    };
  },
};

function panAndScan(config: ProcessorConfig, image: Draft): readonly Draft[] {
  const { height, width } = image.size;
  const [long, short] = width >= height ? [width, height] : [height, width];
  const least = countOf(config, "pan_and_scan_min_crop_size");
  if (long / short < factorOf(config, "pan_and_scan_min_ratio_to_activate", 1.2)) return [];
  const wanted = Math.min(Math.floor(long / least), Math.floor(long / short + 0.5));
  const count = Math.min(countOf(config, "pan_and_scan_max_num_crops"), Math.max(2, wanted));
  const length = Math.ceil(long / count);
  if (Math.min(length, short) < least) return [];
  return Array.from({ length: count }, (_, i) => {
    const [start, rest] = [i * length, Math.min(length, long - i * length)];
    return width >= height
      ? cutDraft(image, { height, width: rest }, { top: 0, left: start })
      : cutDraft(image, { height: rest, width }, { top: start, left: 0 });
  });
}
