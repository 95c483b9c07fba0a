/** Shrinks an image and pads it with zeros, which leaves room for a frame prompt. @module */
import { type ImageSize, resizePlanes, unitPlanes } from "./resize.ts";

/** Sizes of {@linkcode shrinkAndPad}, in pixels. */
export interface ShrinkOptions {
  /** Edge of the images given, or their height and width. */
  readonly from: number | ImageSize;
  /** Edge of the image in the middle (s). */
  readonly image: number;
  /** Edge of the canvas (S). */
  readonly canvas: number;
}

/**
 * Resizes images `[n, 3, height, width]` from 0 to 1, or of bytes, to a square of `image` (bicubic,
 * antialiased, clamped to 0 to 1) and pads them with zeros to `canvas`, the odd pixel to the right and below.
 *
 * @throws {RangeError} If the image is larger than the canvas.
 */
export function shrinkAndPad(
  images: Float32Array | Uint8Array,
  options: ShrinkOptions,
): Float32Array {
  const { image, canvas } = options;
  const from = typeof options.from === "number"
    ? { height: options.from, width: options.from }
    : options.from;
  return padPlanes(shrunkPlanes(images, from, image), { image, canvas });
}

/** Images `[n, 3, height, width]` as squares of `image` pixels, not clamped. */
export function shrunkPlanes(
  images: Float32Array | Uint8Array,
  from: ImageSize,
  image: number,
): Float32Array {
  if (from.height !== image || from.width !== image) {
    return resizePlanes(images, { from, to: { height: image, width: image } });
  }
  return images instanceof Uint8Array ? unitPlanes(images) : images;
}

/**
 * Puts squares in the middle of canvases of zeros, clamped to 0 to 1.
 *
 * @throws {RangeError} If the image is larger than the canvas.
 */
export function padPlanes(
  planes: Float32Array,
  { image, canvas }: Omit<ShrinkOptions, "from">,
): Float32Array {
  if (image > canvas) {
    throw new RangeError(`Cannot pad an image of ${image} pixels to a canvas of ${canvas}`);
  }
  const count = planes.length / image ** 2;
  const out = new Float32Array(count * canvas ** 2);
  const margin = Math.floor((canvas - image) / 2);
  for (let plane = 0, at = 0; plane < count; plane++) {
    for (let y = 0; y < image; y++) {
      const row = (plane * canvas + margin + y) * canvas + margin;
      for (let x = 0; x < image; x++, at++) {
        const value = planes[at]!;
        out[row + x] = value < 0 ? 0 : value > 1 ? 1 : value;
      }
    }
  }
  return out;
}
