/** Redraws an image as a line drawing. @module */
import type { Random } from "../../tensor/random.ts";
import { canvasSize } from "../drawing.ts";
import type { ChangedImage, ImageChange } from "./image_change.ts";

const plane = canvasSize ** 2;

/** Contrast that is noise and makes no line. */
const floor = 0.1;

/** Contrast above it from which a line is as dark as it gets: least and most. */
const contrasts = [0.05, 0.25] as const;

/** How dark lines are, from 0 to 1: least and most. */
const inks = [0.6, 1] as const;

/** Each value's least of itself and its two neighbours, `stride` apart; `sign` −1: its greatest. */
function leastNear(values: Float32Array, stride: number, sign: 1 | -1): Float32Array {
  const out = values.slice();
  for (let i = stride; i < plane - stride; i++) {
    let least = sign * values[i]!;
    const [before, after] = [sign * values[i - stride]!, sign * values[i + stride]!];
    if (before < least) least = before;
    if (after < least) least = after;
    out[i] = sign * least;
  }
  return out;
}

/** The mean of the channels of each pixel. */
function greyOf(canvas: Float32Array): Float32Array {
  const grey = new Float32Array(plane);
  for (let i = 0; i < plane; i++) {
    grey[i] = (canvas[i]! + canvas[plane + i]! + canvas[2 * plane + i]!) / 3;
  }
  return grey;
}

/** How much the grey varies around each pixel: its largest value in 3×3 pixels less its smallest. */
function contrastOf(canvas: Float32Array): Float32Array {
  const grey = greyOf(canvas);
  const least = leastNear(leastNear(grey, 1, 1), canvasSize, 1);
  const most = leastNear(leastNear(grey, 1, -1), canvasSize, -1);
  for (let i = 0; i < plane; i++) most[i]! -= least[i]!;
  return most;
}

/** image ← (image + f · (mean − image)) · (1 − ink · line): dark lines, and paler areas between. */
function outlineImage({ canvas }: ChangedImage, random: Random): void {
  const contrast = random.uniform(...contrasts);
  const ink = random.uniform(...inks);
  const paleness = random.uniform();
  const around = contrastOf(canvas);
  for (let start = 0; start < canvas.length; start += plane) {
    let sum = 0;
    for (let i = 0; i < plane; i++) sum += canvas[start + i]!;
    const pale = paleness * sum / plane;
    for (let i = 0; i < plane; i++) {
      const line = (around[i]! - floor) / contrast;
      const left = line <= 0 ? 1 : line >= 1 ? 1 - ink : 1 - ink * line;
      canvas[start + i] = (canvas[start + i]! * (1 - paleness) + pale) * left;
    }
  }
}

/** The morphological gradient (Rivest et al. 1993) as ink, over areas that fade to the mean colour. */
export const outline: ImageChange = {
  description: "redrawn with dark lines where it changes, and paler areas (morphological gradient)",
  share: 0.3,
  recolours: true,
  wholeOnly: false,
  change: outlineImage,
};
