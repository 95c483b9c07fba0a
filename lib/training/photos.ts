/** Pictures of a batch as the step graph takes them. @module */
import { Random } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { fitted, squared } from "../vision/fit.ts";
import { mirrored } from "../vision/mirror.ts";
import type { Picture, Pictures } from "../vision/pictures.ts";
import { unitPlanes } from "../vision/resize.ts";
import { shrinkAndPad } from "../vision/shrink_and_pad.ts";
import { augmentation, type AugmentName } from "./augment.ts";
import type { PickedRow } from "./batches.ts";

/** How pictures are placed, and what is done to them before. */
export interface PhotoOptions {
  /** Side S of the canvas. */
  readonly canvas: number;
  /** Side at which a picture is placed. */
  readonly picture: number;
  readonly augment: AugmentName;
}

/** Pictures of a batch that are decoded at once: each takes memory of its own, whatever its size. */
const decodedAtOnce = 2;

/**
 * Mirrors, augments, shrinks and pads the picked pictures.
 *
 * @returns float32 [batch, 3, S, S] in [0, 1], zero outside the picture.
 */
export async function photosOf(
  pictures: Pictures,
  picks: readonly PickedRow[],
  options: PhotoOptions,
): Promise<Tensor<"float32">> {
  const { canvas } = options;
  const size = 3 * canvas * canvas;
  const photos = new Float32Array(picks.length * size);
  let next = 0;
  const lane = async () => {
    while (next < picks.length) {
      const place = next++;
      const pick = picks[place]!;
      photos.set(
        photoOf(await pictures.read(pick.row), pick, { ...options, pictures }),
        place * size,
      );
    }
  };
  await Promise.all(Array.from({ length: decodedAtOnce }, lane));
  return tensor("float32", [picks.length, 3, canvas, canvas], photos);
}

function photoOf(
  bytes: Picture,
  { flip, draw }: PickedRow,
  { pictures: { fit }, augment, picture, canvas }: PhotoOptions & { readonly pictures: Pictures },
): Float32Array {
  const { change } = augmentation(augment);
  const { height, width, data } = fitted(flip ? mirrored(bytes) : bytes, fit);
  const planes = unitPlanes(data);
  if (change === undefined || draw === undefined) {
    return shrinkAndPad(planes, { from: { height, width }, picture, canvas });
  }
  const square = squared({ data: planes, height, width }, fit);
  const changed = change(square.data, square.side, new Random(draw));
  return shrinkAndPad(changed, { from: square.side, picture, canvas });
}
