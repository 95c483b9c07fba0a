/** Pictures of a batch as the step graph takes them. @module */
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { shrinkAndPad } from "../vision/shrink_and_pad.ts";
import { Random } from "../tensor/random.ts";
import { augmentation, type AugmentName } from "./augment.ts";
import type { PickedRow } from "./batches.ts";

/** Square pictures: u8 [n, 3, side, side]. */
export interface Pictures {
  readonly images: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** How pictures are placed, and what is done to them before. */
export interface PhotoOptions {
  /** Side S of the canvas. */
  readonly canvas: number;
  /** Side at which a picture is placed. */
  readonly picture: number;
  readonly augment: AugmentName;
}

/**
 * Mirrors, augments, shrinks and pads the picked pictures.
 *
 * @returns float32 [batch, 3, S, S] in [0, 1], zero outside the picture.
 * @throws {RangeError} If the pictures are not square.
 */
export function photosOf(
  pictures: Pictures,
  picks: readonly PickedRow[],
  options: PhotoOptions,
): Tensor<"float32"> {
  const { height, width } = pictures;
  if (height !== width) {
    throw new RangeError(`Cannot frame pictures of ${width}×${height} pixels: they are not square`);
  }
  const size = 3 * height * width;
  const planes = new Float32Array(picks.length * size);
  const { change } = augmentation(options.augment);
  picks.forEach((pick, i) => {
    const place = planes.subarray(i * size, (i + 1) * size);
    copyPicture(pictures, pick, place);
    if (change && pick.draw) place.set(change(place, height, new Random(pick.draw)));
  });
  const { canvas, picture } = options;
  const photos = shrinkAndPad(planes, { from: height, picture, canvas });
  return tensor("float32", [picks.length, 3, canvas, canvas], photos);
}

function copyPicture(
  { images, height, width }: Pictures,
  { row, flip }: PickedRow,
  out: Float32Array,
) {
  const size = 3 * height * width;
  const from = images.subarray(row * size, (row + 1) * size);
  for (let i = 0; i < size; i++) {
    const x = i % width;
    out[i] = from[flip ? i - x + (width - 1 - x) : i]! / 255;
  }
}
