/** Corrupts the pictures of a split, each by random draws of its own. @module */
import { type CorruptionName, corruptPicture } from "../vision/corrupt/corrupt.ts";
import { encodePng } from "../vision/encode_png.ts";
import type { Pictures } from "../vision/pictures.ts";
import { unitPlanes } from "../vision/resize.ts";
import type { Row } from "./dataset.ts";
import type { StoredPicture } from "./listing.ts";

/** What is done to the pictures. */
export interface PictureCorruption {
  readonly kind: CorruptionName;
  /** From 1, weak, to 5. */
  readonly severity: number;
  readonly seed: number;
  /** Whether pixels are kept as they are, which takes pictures of one size; else they become PNG files. */
  readonly asPlanes: boolean;
}

/** Corrupts one picture after the other, at its own size. */
export async function* corruptedPictures(
  rows: readonly Row[],
  pictures: Pictures,
  { kind, severity, seed, asPlanes }: PictureCorruption,
): AsyncGenerator<StoredPicture> {
  for (const [place, { id }] of rows.entries()) {
    const { data, height, width } = await pictures.read(place);
    const size = { height, width };
    const planes = await corruptPicture(data, { kind, severity, size, draw: `${seed} ${id}` });
    yield asPlanes ? { planes, ...size } : { encoded: await encodePng(unitPlanes(planes), size) };
  }
}
