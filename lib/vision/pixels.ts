/** Arithmetic on images as planes, float32 [3, side, side] in [0, 1]. @module */

/** Luma of ITU-R BT.601, as PIL converts to grey: [side · side]. */
export function greyOf(image: Float32Array): Float32Array {
  const size = image.length / 3;
  return Float32Array.from(
    { length: size },
    (_, i) => 0.299 * image[i]! + 0.587 * image[size + i]! + 0.114 * image[2 * size + i]!,
  );
}

/**
 * Moves pixels: the output at (x, y), in pixels from the middle, shows the nearest pixel at
 * `matrix` [2, 3] times (x, y, 1); 0 outside.
 */
export function warpNearest(
  planes: Float32Array,
  side: number,
  matrix: readonly number[],
): Float32Array {
  const [a, b, c, d, e, f] = matrix as [number, number, number, number, number, number];
  const out = new Float32Array(planes.length);
  const middle = (side - 1) / 2;
  const plane = side * side;
  for (let i = 0; i < plane; i++) {
    const [x, y] = [i % side - middle, Math.floor(i / side) - middle];
    const column = Math.round(a * x + b * y + c + middle);
    const row = Math.round(d * x + e * y + f + middle);
    if (column < 0 || column >= side || row < 0 || row >= side) continue;
    const from = row * side + column;
    for (let start = 0; start < planes.length; start += plane) {
      out[start + i] = planes[start + from]!;
    }
  }
  return out;
}
