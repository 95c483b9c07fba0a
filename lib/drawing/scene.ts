/** Scenes for questions about several things: drawings of the ten classes in quarters. @module */
import type { Random } from "../tensor/random.ts";
import { artSize } from "./art.ts";
import { type ClassDrawing, pickDrawing } from "./class_drawings.ts";
import {
  addNoise,
  jitterColour,
  paintGround,
  paintSprite,
  quadrants,
  randomColour,
  randomPose,
  spriteOf,
} from "./drawing.ts";

/** Paints one drawing of each listed class, at most four, into random quarters of the canvas. */
export function paintScene(
  canvas: Float32Array,
  random: Random,
  scene: {
    readonly classes: readonly string[];
    readonly drawings: readonly ClassDrawing[];
    /** Edge of a drawing relative to a quarter, from and to. */
    readonly scale: readonly [number, number];
    readonly clutter: number;
    readonly noise: number;
  },
): readonly ClassDrawing[] {
  paintGround(canvas, random, { colour: randomColour(random), clutter: scene.clutter });
  const places = random.permutation(quadrants.length);
  const shown = scene.classes.map((name, index) => {
    const drawing = pickDrawing(scene.drawings, name, random);
    const sprite = spriteOf(drawing.pixels, artSize);
    jitterColour(sprite, random);
    const range = { scale: scene.scale, degrees: 20, shift: 0.8, mirror: true };
    paintSprite(canvas, sprite, randomPose(random, range, quadrants[places[index]!]));
    return drawing;
  });
  addNoise(canvas, random, scene.noise);
  return shown;
}
