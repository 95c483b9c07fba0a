/** The image processor of Phi-3 and Phi-3.5 Vision. @module */
import { cutDraft, type Draft, resizeDraft, startDraft, tileDraft } from "../draft.ts";
import { affineOf } from "../image_plan.ts";
import { countOf, imageSize } from "../processor_fields.ts";
import type { ImageSize } from "../resize.ts";
import { rowOf } from "./extras.ts";
import { clipMeanAndStd } from "./plain.ts";
import type { ProcessorKind } from "./processor_kind.ts";

const side = 336;
const tile = { height: side, width: side };
const white = [1, 1, 1];

/**
 * As large as so many tiles take, white around it up to whole tiles; first the whole shrunk to one
 * tile, then the tiles, filled up to one more than there may be (arXiv 2404.14219, section 6).
 */
export const phi3vProcessor: ProcessorKind = {
  types: ["Phi3VImageProcessor"],
  defaults: { num_crops: 1, num_img_tokens: 144, ...clipMeanAndStd },
  plan: (config, from) => {
    const most = countOf(config, "num_crops");
    const resized = resizeDraft(startDraft(from), sizeFor(from, most), "bilinear");
    const padded = inWholeTiles(resized);
    const { height, width } = padded.size;
    return {
      from,
      tiles: [resizeDraft(padded, tile, "sampled-bicubic"), ...tileDraft(padded, tile)],
      ...affineOf({ ...config, do_rescale: true, do_normalize: true }),
      layout: { kind: "tiles", least: most + 1 },
      grid: { rows: height / side, columns: width / side },
      extras: { image_sizes: rowOf(height, width) },
    };
  },
};

/** The longer edge is as many tiles as leave room for the other one. */
function sizeFor({ height, width }: ImageSize, most: number): ImageSize {
  const ratio = Math.max(height, width) / Math.min(height, width);
  let count = 1;
  while (count * Math.ceil(count / ratio) <= most) count++;
  const long = (count - 1) * side;
  const short = Math.trunc(long / ratio);
  return imageSize(
    width < height ? { height: long, width: short } : { height: short, width: long },
  );
}

function inWholeTiles(draft: Draft): Draft {
  const whole = (size: number) => Math.ceil(size / side) * side;
  const { height, width } = draft.size;
  const size = { height: whole(height), width: whole(width) };
  return cutDraft(draft, size, {
    top: -Math.floor((size.height - height) / 2),
    left: -Math.floor((size.width - width) / 2),
    fill: white,
  });
}
