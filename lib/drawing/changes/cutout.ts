/** Cuts a hole into the image. @module */
import type { Random } from "../../tensor/random.ts";
import { canvasSize } from "../drawing.ts";
import { fillingOf } from "./fillings.ts";
import type { ChangedImage, ImageChange } from "./image_change.ts";

/** Smallest and largest side of a hole in pixels. */
const sides = [8, 24] as const;

function cut({ canvas, other }: ChangedImage, random: Random): void {
  const side = sides[0] + random.integer(sides[1] - sides[0] + 1);
  const left = random.integer(canvasSize - side + 1);
  const top = random.integer(canvasSize - side + 1);
  const filling = fillingOf(random, other);
  for (let row = 0; row < 3 * side; row++) {
    const [channel, y] = [Math.floor(row / side), row % side];
    const at = (channel * canvasSize + top + y) * canvasSize + left;
    canvas.set(filling.subarray(at, at + side), at);
  }
}

/** Cutout (DeVries and Taylor, arXiv 1708.04552), with any filling. */
export const cutout: ImageChange = {
  description: "a square hole with anything in it (Cutout, arXiv 1708.04552)",
  share: 0.3,
  recolours: false,
  wholeOnly: false,
  change: cut,
};
