/** Pictures mirrored left to right. @module */
import type { Picture } from "./pictures.ts";

/** The same picture, left and right swapped. */
export function mirrored({ data, height, width }: Picture): Picture {
  const swapped = data.slice();
  for (let row = 0; row < swapped.length; row += width) {
    swapped.subarray(row, row + width).reverse();
  }
  return { data: swapped, height, width };
}
