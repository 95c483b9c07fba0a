/**
 * Fills the border around an image, or a hole in it. Values may lie outside of 0 to 1, as those of
 * a trained prompt do.
 *
 * @module
 */
import type { Random } from "../../tensor/random.ts";
import { canvasLength, canvasSize } from "../drawing.ts";

const plane = canvasSize ** 2;

/** Weakest and strongest filling: root of the mean square, in pixel values. */
const strengths = [0.03, 0.8] as const;

/** A strength, every order of magnitude equally likely. */
function strengthOf(random: Random): number {
  const [weakest, strongest] = strengths;
  return weakest * (strongest / weakest) ** random.uniform();
}

/** A filling of the whole canvas; `other` is another image. */
type Filling = (random: Random, other: Float32Array) => Float32Array;

/** Every filling by name; each is as likely as the others. */
export const fillings = { black, colour, noise, pink, image } satisfies Record<string, Filling>;

function black(): Float32Array {
  return new Float32Array(canvasLength);
}

/** One colour, with channels from −0.5 to 1.5. */
function colour(random: Random): Float32Array {
  const out = new Float32Array(canvasLength);
  for (let channel = 0; channel < 3; channel++) {
    out.fill(random.uniform(-0.5, 1.5), channel * plane, (channel + 1) * plane);
  }
  return out;
}

/** Independent pixels around 0 or around a grey. */
function noise(random: Random): Float32Array {
  const [strength, grey] = [strengthOf(random), greyOf(random)];
  const out = new Float32Array(canvasLength);
  for (let i = 0; i < canvasLength; i++) out[i] = grey + strength * random.normal();
  return out;
}

/** Half of the noises lie around 0, where an empty border is. */
function greyOf(random: Random): number {
  return random.uniform() < 0.5 ? 0 : random.uniform();
}

/** Sides of the grids that pink noise is made of. */
const octaves = [2, 4, 8, 16, 32, 64] as const;

/** Doubles the side of three planes; every value becomes four. */
function doubled(planes: Float32Array, side: number): Float32Array {
  const out = new Float32Array(4 * planes.length);
  for (let row = 0, from = 0; row < 3 * side; row++) {
    const to = 4 * side * row;
    for (let x = 0; x < 2 * side; x += 2, from++) {
      out[to + x] = out[to + x + 1] = planes[from]!;
    }
    out.copyWithin(to + 2 * side, to, to + 2 * side);
  }
  return out;
}

/**
 * Noise whose amplitude falls as 1/f, as that of natural images (Field 1987): octaves of equal
 * strength, each on a grid twice as fine.
 */
function pink(random: Random): Float32Array {
  const strength = strengthOf(random) / Math.sqrt(octaves.length);
  let out: Float32Array = new Float32Array(3).fill(greyOf(random));
  for (const side of octaves) {
    out = doubled(out, side / 2);
    for (let i = 0; i < out.length; i++) out[i]! += strength * random.normal();
  }
  return out;
}

/** Another image, as strong as 0.5 to 2 times its own. */
function image(random: Random, other: Float32Array): Float32Array {
  const gain = random.uniform(0.5, 2);
  return other.map((value) => gain * value);
}

const all: readonly Filling[] = Object.values(fillings);

/** A random filling of the whole canvas. */
export function fillingOf(random: Random, other: Float32Array): Float32Array {
  return all[random.integer(all.length)]!(random, other);
}
