/** Images of a batch as the step graph takes them. @module */
import { Random } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { fitted, squared } from "../vision/fit.ts";
import { mirrored } from "../vision/mirror.ts";
import type { Images, RgbImage } from "../vision/images.ts";
import { unitPlanes } from "../vision/resize.ts";
import { padPlanes, shrunkPlanes } from "../vision/shrink_and_pad.ts";
import { augmentation, type AugmentName } from "./augment.ts";
import { isFixed, type PickedRow } from "./batches.ts";

/** How images are placed, and what is done to them before. */
export interface PhotoOptions {
  /** Side S of the canvas. */
  readonly canvas: number;
  /** Side at which an image is placed. */
  readonly image: number;
  readonly augment: AugmentName;
}

/** Makes the images of batches. */
export interface PhotoMaker extends AsyncDisposable {
  /** @returns float32 [batch, 3, S, S] in [0, 1], zero outside the image. */
  of(picks: readonly PickedRow[]): Promise<Tensor<"float32">>;
}

/** The number of images of a batch that are decoded at once: each takes memory, which grows with its size. */
const decodedAtOnce = 2;

/** Bytes of shrunk images that are kept for later epochs: 600 of 164 pixels. */
const keptBytes = 192 * 2 ** 20;

/**
 * Mirrors, augments, shrinks and pads images. Shrunk ones are kept, as many as there is room for,
 * unless every epoch draws something else for them: all come once an epoch, so that to give up an
 * old one for a new one would gain nothing.
 */
export class Photos implements PhotoMaker {
  readonly #images: Images;
  readonly #options: PhotoOptions;
  readonly #kept = new Map<string, Float32Array>();
  #room: number;

  constructor(images: Images, options: PhotoOptions, room: number = keptBytes) {
    [this.#images, this.#options, this.#room] = [images, options, room];
  }

  async of(picks: readonly PickedRow[]): Promise<Tensor<"float32">> {
    const { canvas, image } = this.#options;
    const size = 3 * canvas * canvas;
    const photos = new Float32Array(picks.length * size);
    let next = 0;
    const lane = async () => {
      while (next < picks.length) {
        const place = next++;
        const small = await this.#small(picks[place]!);
        photos.set(padPlanes(small, { image, canvas }), place * size);
      }
    };
    await Promise.all(Array.from({ length: decodedAtOnce }, lane));
    return tensor("float32", [picks.length, 3, canvas, canvas], photos);
  }

  /** An image as it is placed on the canvas. */
  async #small(pick: PickedRow): Promise<Float32Array> {
    const key = `${pick.row} ${pick.flip}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const { fit } = this.#images;
    const small = shrunken(await this.#images.read(pick.row), pick, { ...this.#options, fit });
    if (isFixed(pick) && small.byteLength <= this.#room) {
      this.#kept.set(key, small);
      this.#room -= small.byteLength;
    }
    return small;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#kept.clear();
    return Promise.resolve();
  }
}

function shrunken(
  bytes: RgbImage,
  { flip, crop, draw }: PickedRow,
  { fit, augment, image }: PhotoOptions & Pick<Images, "fit">,
): Float32Array {
  const { change } = augmentation(augment);
  const { data, ...from } = fitted(flip ? mirrored(bytes) : bytes, fit, crop);
  if (change === undefined || draw === undefined) return shrunkPlanes(data, from, image);
  const square = squared({ data: unitPlanes(data), ...from }, fit);
  const changed = change(square.data, square.side, new Random(draw));
  return shrunkPlanes(changed, { height: square.side, width: square.side }, image);
}
