/** Changes the colours of an image. @module */
import type { Random } from "../../tensor/random.ts";
import { canvasSize } from "../drawing.ts";
import type { ChangedImage, ImageChange } from "./image_change.ts";

const plane = canvasSize ** 2;

/** Brightness of the channels (ITU-R BT.601). */
const luma = [0.299, 0.587, 0.114] as const;

/** rgb ← gain · (grey + saturation · (rgb − grey)) + shift, the channels in a random order. */
function recolourImage({ canvas }: ChangedImage, random: Random): void {
  const before = canvas.slice();
  const saturation = random.uniform(0, 1.5);
  const order = random.permutation(3);
  for (let channel = 0; channel < 3; channel++) {
    const gain = random.uniform(0.6, 1.4);
    const shift = random.uniform(-0.2, 0.2);
    const from = order[channel]! * plane;
    for (let i = 0; i < plane; i++) {
      const grey = luma[0] * before[i]! + luma[1] * before[plane + i]! +
        luma[2] * before[2 * plane + i]!;
      const value = gain * (grey + saturation * (before[from + i]! - grey)) + shift;
      canvas[channel * plane + i] = value < 0 ? 0 : value > 1 ? 1 : value;
    }
  }
}

/** Colour jitter (after SimCLR, arXiv 2002.05709, appendix A) and exchanged channels. */
export const recolour: ImageChange = {
  description: "saturation, gains, shifts and order of the channels (after arXiv 2002.05709)",
  share: 0.3,
  recolours: true,
  wholeOnly: false,
  change: recolourImage,
};
