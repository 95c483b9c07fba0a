/**
 * Finds drawings of the same motif: a green apple that is a red one in another colour, a cat's head
 * with another mouth. Drawings of one motif stay in one split and count as one cluster.
 *
 * @module
 */
import { likePairs, type Look, lookOf } from "../vision/likeness.ts";
import { artSize } from "./art.ts";

/** Opacity from which on a pixel belongs to the drawing, of 255. */
const VISIBLE = 32;

/** The look of a drawing, cut out, so that its size and place do not matter. */
export function lookOfDrawing(rgba: Uint8Array): Look {
  const box = boundingSquare(rgba);
  const planes = new Float32Array(4 * box.side ** 2);
  for (let y = 0; y < box.side; y++) {
    for (let x = 0; x < box.side; x++) {
      const [column, row] = [box.left + x, box.top + y];
      if (column < 0 || row < 0 || column >= artSize || row >= artSize) continue;
      const from = (row * artSize + column) * 4;
      const alpha = rgba[from + 3]! / 255;
      const to = y * box.side + x;
      for (let channel = 0; channel < 3; channel++) {
        planes[channel * box.side ** 2 + to] = rgba[from + channel]! / 255 * alpha;
      }
      planes[3 * box.side ** 2 + to] = alpha;
    }
  }
  return lookOf(planes, { height: box.side, width: box.side });
}

function boundingSquare(rgba: Uint8Array): { left: number; top: number; side: number } {
  let [left, top, right, bottom] = [artSize, artSize, 0, 0];
  for (let i = 0; i < artSize ** 2; i++) {
    if (rgba[i * 4 + 3]! <= VISIBLE) continue;
    const [x, y] = [i % artSize, Math.floor(i / artSize)];
    [left, top, right, bottom] = [
      Math.min(left, x),
      Math.min(top, y),
      Math.max(right, x + 1),
      Math.max(bottom, y + 1),
    ];
  }
  const side = Math.max(right - left, bottom - top, 1);
  return {
    left: Math.floor((left + right - side) / 2),
    top: Math.floor((top + bottom - side) / 2),
    side,
  };
}

/**
 * The motif of each drawing, as the place of the first drawing that shows it. Alike is passed on:
 * what is like a drawing that is like a third shows the third one's motif.
 */
export function motifsOf(looks: readonly Look[]): readonly number[] {
  const motif = looks.map((_, index) => index);
  const rootOf = (index: number): number => motif[index] === index ? index : rootOf(motif[index]!);
  for (const { a, b } of likePairs(looks, looks)) {
    const [first, second] = [rootOf(a), rootOf(b)];
    motif[Math.max(first, second)] = Math.min(first, second);
  }
  return motif.map((_, index) => rootOf(index));
}
