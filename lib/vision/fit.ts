/** Fits an image that is not square onto a square canvas. @module */
import type { Fit } from "./fits.ts";
import { type ImageSize, resizePlanes } from "./resize.ts";

/** Planes of an image, `[3, height, width]`: bytes, or float32 from 0 to 1. */
export interface ImagePlanes<T extends Uint8Array | Float32Array> extends ImageSize {
  readonly data: T;
}

/**
 * The image as `crop` and `pad` have it: square; `resize` leaves it to the resizing that comes anyway.
 *
 * @param crop Where `crop` cuts, in [0, 1) from the start; default the middle.
 */
export function fitted<T extends Uint8Array | Float32Array>(
  image: ImagePlanes<T>,
  fit: Fit,
  crop?: number,
): ImagePlanes<T> {
  const { height, width } = image;
  if (fit === "resize" || height === width) return image;
  const isCrop = fit === "crop";
  const side = isCrop ? Math.min(height, width) : Math.max(height, width);
  const data = windowOf(image, side, isCrop ? crop : undefined);
  return { data, height: side, width: side };
}

/** A square of an image, in the middle where no place is given, zero where it reaches beyond. */
function windowOf<T extends Uint8Array | Float32Array>(
  { data, height, width }: ImagePlanes<T>,
  side: number,
  place?: number,
): T {
  const out = new (data.constructor as new (length: number) => T)(3 * side * side);
  const start = (size: number) =>
    place === undefined ? Math.floor((size - side) / 2) : Math.floor(place * (size - side + 1));
  const [top, left] = [start(height), start(width)];
  const [from, to] = [Math.max(0, left), Math.min(width, left + side)];
  for (let channel = 0; channel < 3; channel++) {
    for (let y = Math.max(0, top); y < Math.min(height, top + side); y++) {
      const row = (channel * height + y) * width;
      const at = (channel * side + y - top) * side + from - left;
      out.set(data.subarray(row + from, row + to) as never, at);
    }
  }
  return out;
}

/** A square image of floats, made of an image of any shape: for code that works on squares alone. */
export function squared(
  image: ImagePlanes<Float32Array>,
  fit: Fit,
): { readonly data: Float32Array; readonly side: number } {
  const { data, height, width } = fitted(image, fit);
  if (height === width) return { data, side: height };
  const side = Math.min(height, width);
  const resized = resizePlanes(data, {
    from: { height, width },
    to: { height: side, width: side },
  });
  return { data: resized.map((x) => Math.min(1, Math.max(0, x))), side };
}
