/** Changes the drawing style of an image. @module */
import type { Random } from "../../tensor/random.ts";
import { canvasSize } from "../drawing.ts";
import type { ChangedImage, ImageChange } from "./image_change.ts";

const plane = canvasSize ** 2;

/** Side of the random kernel. */
const kernel = 3;

/** Values of a kernel from three channels to one. */
const taps = 3 * kernel ** 2;

/** Adds to `out` [64, 64] what one tap of a kernel sees; beyond the edge is grey. */
function addTap(
  out: Float32Array,
  from: Float32Array,
  { weight, dx, dy }: { readonly weight: number; readonly dx: number; readonly dy: number },
): void {
  const [left, right] = [Math.max(0, -dx), canvasSize - Math.max(0, dx)];
  for (let y = Math.max(0, -dy); y < canvasSize - Math.max(0, dy); y++) {
    const row = y * canvasSize;
    const shift = dy * canvasSize + dx;
    for (let at = row + left; at < row + right; at++) out[at]! += weight * from[at + shift]!;
  }
}

/**
 * image ← α·image + (1 − α)·(k ∗ image), k a random kernel of variance 1/(3·9), α uniform,
 * around grey, so that flat areas stay in range.
 */
function restyleImage({ canvas }: ChangedImage, random: Random): void {
  const alpha = random.uniform();
  const centred = canvas.map((value) => value - 0.5);
  for (let channel = 0; channel < 3; channel++) {
    const mixed = new Float32Array(plane);
    for (let tap = 0; tap < taps; tap++) {
      const from = centred.subarray(Math.floor(tap / 9) * plane, (Math.floor(tap / 9) + 1) * plane);
      const [dx, dy] = [tap % kernel - 1, Math.floor(tap % 9 / kernel) - 1];
      addTap(mixed, from, { weight: random.normal() / Math.sqrt(taps), dx, dy });
    }
    for (let i = 0; i < plane; i++) {
      const at = channel * plane + i;
      const value = 0.5 + alpha * centred[at]! + (1 - alpha) * mixed[i]!;
      canvas[at] = value < 0 ? 0 : value > 1 ? 1 : value;
    }
  }
}

/** Random convolutions (Xu et al., arXiv 2007.13003), mixed with the image. */
export const restyle: ImageChange = {
  description: "mixed with a random convolution of itself (RandConv, arXiv 2007.13003)",
  share: 0.3,
  recolours: true,
  wholeOnly: false,
  change: restyleImage,
};
