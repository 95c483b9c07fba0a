/** Pictures mirrored left to right. @module */

/** Square or other pictures: u8 `[n, 3, height, width]`. */
interface Planes {
  readonly images: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** The same pictures, left and right swapped. */
export function mirrored({ images, height, width }: Planes): Planes {
  const swapped = new Uint8Array(images.length);
  for (let start = 0; start < images.length; start += width) {
    for (let x = 0; x < width; x++) swapped[start + x] = images[start + width - 1 - x]!;
  }
  return { images: swapped, height, width };
}
