/** Images of one drawing on a coloured ground. @module */
import type { Random } from "../tensor/random.ts";
import { artSize } from "./art.ts";
import type { ClassDrawing } from "./class_drawings.ts";
import {
  addNoise,
  type Colour,
  jitterColour,
  paintGround,
  paintSprite,
  randomPose,
  spriteOf,
} from "./drawing.ts";

/** Paints a drawing over a ground of a colour, turned, moved and mirrored at random. */
export function paintLoneDrawing(
  canvas: Float32Array,
  random: Random,
  { drawing, colour, look }: {
    readonly drawing: ClassDrawing;
    readonly colour: Colour;
    readonly look: {
      /** Edge of the drawing relative to the image, from and to. */
      readonly scale: readonly [number, number];
      readonly clutter: number;
      readonly noise: number;
    };
  },
): void {
  paintGround(canvas, random, { colour, clutter: look.clutter });
  const sprite = spriteOf(drawing.pixels, artSize);
  jitterColour(sprite, random);
  const range = { scale: look.scale, degrees: 25, shift: 0.9, mirror: true };
  paintSprite(canvas, sprite, randomPose(random, range));
  addNoise(canvas, random, look.noise);
}
