/**
 * Draws a border around the image, as a prompt will: of any width, position and content.
 *
 * @module
 */
import type { Random } from "../../tensor/random.ts";
import { resizePlanes } from "../../vision/resize.ts";
import { canvasSize } from "../drawing.ts";
import { fillingOf } from "./fillings.ts";
import type { ChangedImage, ImageChange } from "./image_change.ts";

/** Smallest and largest side of the image that is left, in pixels. */
const sides = [40, 60] as const;

/** Where the image is left: half of the time at the size and place that frame prompts have. */
function placeOf(random: Random): { readonly side: number; readonly left: number; top: number } {
  const isUsual = random.uniform() < 0.5;
  const side = isUsual ? 48 : sides[0] + random.integer(sides[1] - sides[0] + 1);
  const room = canvasSize - side;
  const middle = Math.floor(room / 2);
  if (isUsual || random.uniform() < 0.5) return { side, left: middle, top: middle };
  return { side, left: random.integer(room + 1), top: random.integer(room + 1) };
}

function putBorder({ canvas, other }: ChangedImage, random: Random): void {
  const { side, left, top } = placeOf(random);
  const small = resizePlanes(canvas, {
    from: { height: canvasSize, width: canvasSize },
    to: { height: side, width: side },
  });
  canvas.set(fillingOf(random, other));
  for (let row = 0; row < 3 * side; row++) {
    const [channel, y] = [Math.floor(row / side), row % side];
    const at = (channel * canvasSize + top + y) * canvasSize + left;
    canvas.set(small.subarray(row * side, (row + 1) * side).map(clamp), at);
  }
}

const clamp = (value: number) => Math.min(1, Math.max(0, value));

/** Padding of all kinds: the image of a visual prompt (arXiv 2203.17274) with anything around it. */
export const border: ImageChange = {
  description: "shrunk, with black, a colour, noise, 1/f noise or another image around it",
  share: 0.75,
  recolours: false,
  wholeOnly: true,
  change: putBorder,
};
