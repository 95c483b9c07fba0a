/** Images of rows: read one at a time when they are needed, so that no set has to fit in memory. @module */
import type { Fit } from "./fits.ts";
import type { ImageSize } from "./resize.ts";

/** An image: u8 [3, height, width], RGB. */
export interface RgbImage extends ImageSize {
  readonly data: Uint8Array;
}

/** The images of a split. */
export interface Images {
  /** Default side of the square canvas that they are for. */
  readonly side: number;
  /** How one that is not square meets a square canvas. */
  readonly fit: Fit;
  /** The data set's folder, where they are encoded files: reading one is worth a thread of its own. */
  readonly folder?: string;
  /** @throws {DiagnosticError} If the image's file is damaged. */
  read(row: number): Promise<RgbImage>;
}

/** Images in memory, all of one size: u8 [n, 3, height, width]. */
export function imagesIn(images: Uint8Array, { height, width }: ImageSize): Images {
  const size = 3 * height * width;
  return {
    side: sideOf([{ height, width }]),
    fit: "resize",
    read: (row) =>
      Promise.resolve({ data: images.subarray(row * size, (row + 1) * size), height, width }),
  };
}

/**
 * Longest side of a canvas in pixels: more than vision encoders read. Values of such an image take
 * 192 MiB, and a step holds several of them.
 */
export const longestSide = 4096;

/** Side of the canvas in the paper (arXiv 2404.11207). */
const usualSide = 224;

/** The side of small squares of one size; else that of the paper's canvas. */
export function sideOf(sizes: Iterable<ImageSize>): number {
  let side: number | undefined;
  for (const { height, width } of sizes) {
    if (height !== width || height > usualSide || (side ?? height) !== height) return usualSide;
    side = height;
  }
  return side ?? usualSide;
}
