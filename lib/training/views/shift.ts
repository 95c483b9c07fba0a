/** Shifted views. @module */
import type { Random } from "../../tensor/random.ts";
import { axisInputs, resampled, shiftedAxis } from "./resample.ts";
import type { View } from "./view.ts";

/** Furthest shift in the paper, a kernel of 15 on images of 299 pixels. */
const REACH = 7 / 299;

/** A shift by whole pixels, as often as a Gaussian of σ = reach/3 weighs it. */
function shiftOf(random: Random, reach: number): number {
  const shifts = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
  const weights = shifts.map((by) => Math.exp(-((3 * by / reach) ** 2) / 2));
  let left = random.uniform() * weights.reduce((sum, weight) => sum + weight);
  return shifts[weights.findIndex((weight) => (left -= weight) < 0)] ?? 0;
}

/**
 * Translation invariance (TIM, Dong et al., arXiv 1904.02884): the expectation over shifts, weighted
 * as the paper's Gaussian kernel. The paper takes the sum over shifts as a convolution of one
 * gradient, which holds for models that shifts do not matter to; here the shifts are made.
 */
export const shift: View = {
  description: "moved by a few pixels, zeros coming in (TIM, arXiv 1904.02884)",
  inputs: axisInputs,
  build: (b, { pixels }, drawn) => resampled(b, pixels, drawn),
  draw: ({ random, canvas }) => {
    const reach = Math.max(1, Math.ceil(REACH * canvas));
    return {
      rows: shiftedAxis(canvas, shiftOf(random, reach)),
      columns: shiftedAxis(canvas, shiftOf(random, reach)),
    };
  },
};
