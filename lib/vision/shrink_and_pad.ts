/** Shrinks a picture and pads it with zeros, which leaves room for a frame prompt. @module */
import { type PictureSize, resizePlanes, unitPlanes } from "./resize.ts";

/** Sizes of {@linkcode shrinkAndPad}, in pixels. */
export interface ShrinkOptions {
  /** Edge of the pictures given, or their height and width. */
  readonly from: number | PictureSize;
  /** Edge of the picture in the middle (s). */
  readonly picture: number;
  /** Edge of the canvas (S). */
  readonly canvas: number;
}

/**
 * Resizes pictures `[n, 3, height, width]` from 0 to 1, or of bytes, to a square of `picture` (bicubic,
 * antialiased, clamped to 0 to 1) and pads them with zeros to `canvas`, the odd pixel to the right and below.
 *
 * @throws {RangeError} If the picture is larger than the canvas.
 */
export function shrinkAndPad(
  images: Float32Array | Uint8Array,
  options: ShrinkOptions,
): Float32Array {
  const { picture, canvas } = options;
  const from = typeof options.from === "number"
    ? { height: options.from, width: options.from }
    : options.from;
  return padPlanes(shrunkPlanes(images, from, picture), { picture, canvas });
}

/** Pictures `[n, 3, height, width]` as squares of `picture` pixels, not clamped. */
export function shrunkPlanes(
  images: Float32Array | Uint8Array,
  from: PictureSize,
  picture: number,
): Float32Array {
  if (from.height !== picture || from.width !== picture) {
    return resizePlanes(images, { from, to: { height: picture, width: picture } });
  }
  return images instanceof Uint8Array ? unitPlanes(images) : images;
}

/**
 * Puts squares in the middle of canvases of zeros, clamped to 0 to 1.
 *
 * @throws {RangeError} If the picture is larger than the canvas.
 */
export function padPlanes(
  planes: Float32Array,
  { picture, canvas }: Omit<ShrinkOptions, "from">,
): Float32Array {
  if (picture > canvas) {
    throw new RangeError(`Cannot pad a picture of ${picture} pixels to a canvas of ${canvas}`);
  }
  const count = planes.length / picture ** 2;
  const out = new Float32Array(count * canvas ** 2);
  const margin = Math.floor((canvas - picture) / 2);
  for (let plane = 0, at = 0; plane < count; plane++) {
    for (let y = 0; y < picture; y++) {
      const row = (plane * canvas + margin + y) * canvas + margin;
      for (let x = 0; x < picture; x++, at++) {
        const value = planes[at]!;
        out[row + x] = value < 0 ? 0 : value > 1 ? 1 : value;
      }
    }
  }
  return out;
}
