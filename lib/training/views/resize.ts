/** Other sizes and places of the prompted image. @module */
import { axisInputs, resampled, resizedAxis } from "./resample.ts";
import type { View } from "./view.ts";

/** Smallest side, as a share of the canvas. */
const SMALLEST = 0.9;

/**
 * Input diversity (Xie et al., arXiv 1803.06978): half of the time the prompted image is resized to
 * a side from 0.9 S to S (299 of 330 pixels in the paper) and placed at random on zeros.
 */
export const resize: View = {
  description: "resized and placed at random half of the time (DI, arXiv 1803.06978)",
  inputs: axisInputs,
  build: (b, { pixels }, drawn) => resampled(b, pixels, drawn),
  draw: ({ random, canvas }) => {
    const isWhole = random.uniform() < 0.5;
    const least = Math.floor(SMALLEST * canvas);
    const size = isWhole ? canvas : least + random.integer(canvas - least + 1);
    const start = () => random.integer(canvas - size + 1);
    return {
      rows: resizedAxis(canvas, size, start()),
      columns: resizedAxis(canvas, size, start()),
    };
  },
};
