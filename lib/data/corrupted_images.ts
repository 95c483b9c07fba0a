/** Corrupts the images of a split, each by random draws of its own. @module */
import { corruptImage, type CorruptionName } from "../vision/corrupt/corrupt.ts";
import { encodePng } from "../vision/encode_png.ts";
import type { Images } from "../vision/images.ts";
import { unitPlanes } from "../vision/resize.ts";
import type { Row } from "./dataset.ts";
import type { StoredImage } from "./listing.ts";

/** What is done to the images. */
export interface ImageCorruption {
  readonly kind: CorruptionName;
  /** From 1, weak, to 5. */
  readonly severity: number;
  readonly seed: number;
  /** Whether pixels are kept as they are, which takes images of one size; else they become PNG files. */
  readonly asPlanes: boolean;
}

/** Corrupts one image after the other, at its own size. */
export async function* corruptedImages(
  rows: readonly Row[],
  images: Images,
  { kind, severity, seed, asPlanes }: ImageCorruption,
): AsyncGenerator<StoredImage> {
  for (const [place, { id }] of rows.entries()) {
    const { data, height, width } = await images.read(place);
    const size = { height, width };
    const planes = await corruptImage(data, { kind, severity, size, draw: `${seed} ${id}` });
    yield asPlanes ? { planes, ...size } : { encoded: await encodePng(unitPlanes(planes), size) };
  }
}
