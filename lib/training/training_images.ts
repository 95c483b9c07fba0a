/** Images as the step graph takes them. @module */
import type { ImageMaker } from "../data/image_feed.ts";
import { Random } from "../tensor/random.ts";
import { fitted, squared } from "../vision/fit.ts";
import { mirrored } from "../vision/mirror.ts";
import type { Images, RgbImage } from "../vision/images.ts";
import { unitPlanes } from "../vision/resize.ts";
import { padPlanes, shrunkPlanes } from "../vision/shrink_and_pad.ts";
import { augmentation, type AugmentName } from "./augment.ts";
import { isFixed, type PickedRow } from "./batches.ts";

/** How images are placed, and what is done to them before. */
export interface ImageBatchOptions {
  /** Side S of the canvas. */
  readonly canvas: number;
  /** Side at which an image is placed. */
  readonly image: number;
  readonly augment: AugmentName;
}

/** Bytes of shrunk images that are kept for later epochs: 600 of 164 pixels. */
export const keptBytes = 192 * 2 ** 20;

/**
 * Opens what mirrors, augments, shrinks and pads images: float32 [3, S, S] in [0, 1], zero outside
 * the image. Shrunk ones are kept, as many as there is room for, unless every epoch draws something
 * else for them: all come once an epoch, so that to give up an old one for a new one would gain nothing.
 *
 * @param share The part of the room that belongs to this maker.
 */
export function openImageMaker(
  images: Images,
  options: ImageBatchOptions,
  share: number,
): ImageMaker<PickedRow, Float32Array> {
  const kept = new Map<string, Float32Array>();
  let room = share * keptBytes;

  /** An image as it is placed on the canvas. */
  const shrink = async (pick: PickedRow): Promise<Float32Array> => {
    const key = `${pick.row} ${pick.flip}`;
    const known = kept.get(key);
    if (known !== undefined) return known;
    const { fit } = images;
    const small = shrunken(await images.read(pick.row), pick, { ...options, fit });
    if (isFixed(pick) && small.byteLength <= room) {
      kept.set(key, small);
      room -= small.byteLength;
    }
    return small;
  };
  return async (pick) => padPlanes(await shrink(pick), options);
}

function shrunken(
  bytes: RgbImage,
  { flip, crop, draw }: PickedRow,
  { fit, augment, image }: ImageBatchOptions & Pick<Images, "fit">,
): Float32Array {
  const { change } = augmentation(augment);
  const { data, ...from } = fitted(flip ? mirrored(bytes) : bytes, fit, crop);
  if (change === undefined || draw === undefined) return shrunkPlanes(data, from, image);
  const square = squared({ data: unitPlanes(data), ...from }, fit);
  const changed = change(square.data, square.side, new Random(draw));
  return shrunkPlanes(changed, { height: square.side, width: square.side }, image);
}
