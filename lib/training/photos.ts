/** Pictures of a batch as the step graph takes them. @module */
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { shrinkAndPad } from "../vision/shrink_and_pad.ts";
import type { Canvas } from "../prompts/prompt_kind.ts";
import type { Pick } from "./batches.ts";

/** Square pictures: u8 [n, 3, side, side]. */
export interface Pictures {
  readonly images: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/**
 * Mirrors, shrinks and pads the picked pictures.
 *
 * @returns float32 [batch, 3, S, S] in [0, 1], zero outside the picture.
 * @throws {RangeError} If the pictures are not square.
 */
export function photosOf(
  pictures: Pictures,
  picks: readonly Pick[],
  sizes: Canvas,
): Tensor<"float32"> {
  const { height, width } = pictures;
  if (height !== width) {
    throw new RangeError(`Cannot frame pictures of ${width}×${height} pixels: they are not square`);
  }
  const size = 3 * height * width;
  const planes = new Float32Array(picks.length * size);
  picks.forEach((pick, i) => copyPicture(pictures, pick, planes.subarray(i * size)));
  const photos = shrinkAndPad(planes, {
    from: height,
    picture: sizes.image,
    canvas: sizes.canvas,
  });
  return tensor("float32", [picks.length, 3, sizes.canvas, sizes.canvas], photos);
}

function copyPicture({ images, height, width }: Pictures, { row, flip }: Pick, out: Float32Array) {
  const size = 3 * height * width;
  const from = images.subarray(row * size, (row + 1) * size);
  for (let i = 0; i < size; i++) {
    const x = i % width;
    out[i] = from[flip ? i - x + (width - 1 - x) : i]! / 255;
  }
}
