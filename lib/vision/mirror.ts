/** Images mirrored left to right. @module */
import type { RgbImage } from "./images.ts";

/** The same image, left and right swapped. */
export function mirrored({ data, height, width }: RgbImage): RgbImage {
  const swapped = data.slice();
  for (let row = 0; row < swapped.length; row += width) {
    swapped.subarray(row, row + width).reverse();
  }
  return { data: swapped, height, width };
}
