/**
 * TrivialAugment (Müller and Hutter 2021, arXiv 2103.10158) in its "wide" space: one operation out
 * of fourteen at one of 31 strengths, both uniform.
 *
 * @module
 */
import type { Random } from "../tensor/random.ts";
import { extremes } from "../tensor/extremes.ts";
import { greyOf, warpNearest } from "./pixels.ts";

/** An image, float32 [3, side, side] in [0, 1], and the strength of the operation. */
interface Subject {
  readonly image: Float32Array;
  readonly side: number;
  /** From 0 to 1 in 30 steps. */
  readonly strength: number;
  /** +1 or −1 with equal probability. */
  readonly sign: 1 | -1;
}

type Operation = (subject: Subject) => Float32Array;

const clip = (value: number) => value < 0 ? 0 : value > 1 ? 1 : value;

/** base + f·(x − base) with f = 1 ± 0.99·strength, as PIL's enhancers blend. */
const blend = (base: (subject: Subject) => (i: number) => number): Operation => (subject) => {
  const factor = 1 + subject.sign * 0.99 * subject.strength;
  const from = base(subject);
  return subject.image.map((x, i) => clip(from(i) + factor * (x - from(i))));
};

function greyPlane({ image, side }: Subject): (i: number) => number {
  const grey = greyOf(image);
  return (i) => grey[i % (side * side)]!;
}

function meanGrey({ image }: Subject): () => number {
  const grey = greyOf(image);
  const mean = grey.reduce((sum, x) => sum + x, 0) / grey.length;
  return () => mean;
}

/** Neighbours' mean with weight 5 in the middle; the border stays as it is. */
function smooth({ image, side }: Subject): (i: number) => number {
  return (i) => {
    const [x, y] = [i % side, Math.floor(i / side) % side];
    if (x === 0 || y === 0 || x === side - 1 || y === side - 1) return image[i]!;
    let sum = 4 * image[i]!;
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) sum += image[i + dy * side + dx]!;
    }
    return sum / 13;
  };
}

/** Moves pixels: output (x, y) from the centre shows the image at the matrix times it. */
const warp =
  (matrix: (amount: number, side: number) => readonly number[], most: number): Operation =>
  ({ image, side, strength, sign }) =>
    warpNearest(image, side, matrix(sign * most * strength, side));

function posterize({ image, strength }: Subject): Float32Array {
  const bits = 8 - Math.round(6 * strength);
  const step = 2 ** (8 - bits);
  return image.map((x) => Math.floor(Math.round(255 * x) / step) * step / 255);
}

function solarize({ image, strength }: Subject): Float32Array {
  return image.map((x) => x >= 1 - strength ? 1 - x : x);
}

/** Every channel separately. */
const perChannel = (change: (plane: Float32Array) => Float32Array): Operation => ({ image }) => {
  const out = new Float32Array(image.length);
  const size = image.length / 3;
  for (let c = 0; c < 3; c++) out.set(change(image.subarray(c * size, (c + 1) * size)), c * size);
  return out;
};

function stretch(plane: Float32Array): Float32Array {
  const [low, high] = extremes(plane);
  return high > low ? plane.map((x) => (x - low) / (high - low)) : plane;
}

/** Levels by their rank, so that all are about equally frequent (PIL's rule). */
function equalize(plane: Float32Array): Float32Array {
  const levels = Uint8Array.from(plane, (x) => Math.round(255 * x));
  const histogram = new Uint32Array(256);
  for (const level of levels) histogram[level]!++;
  const last = histogram.findLast((count) => count > 0)!;
  const step = Math.floor((plane.length - last) / 255);
  if (step === 0) return plane;
  let below = Math.floor(step / 2);
  const table = Float32Array.from(histogram, (count) => {
    const level = Math.min(255, Math.floor(below / step));
    below += count;
    return level / 255;
  });
  return plane.map((_, i) => table[levels[i]!]!);
}

const degrees = Math.PI / 180;

/** Largest translation: 32 pixels of 224. */
const TRANSLATION = 32 / 224;

/** The fourteen operations. */
const operations: Readonly<Record<string, Operation>> = {
  identity: ({ image }) => image,
  "shear-x": warp((a) => [1, a, 0, 0, 1, 0], 0.99),
  "shear-y": warp((a) => [1, 0, 0, a, 1, 0], 0.99),
  "translate-x": warp((a, side) => [1, 0, a * side, 0, 1, 0], TRANSLATION),
  "translate-y": warp((a, side) => [1, 0, 0, 0, 1, a * side], TRANSLATION),
  rotate: warp((a) => {
    const [cos, sin] = [Math.cos(a), Math.sin(a)];
    return [cos, sin, 0, -sin, cos, 0];
  }, 135 * degrees),
  brightness: blend(() => () => 0),
  color: blend(greyPlane),
  contrast: blend(meanGrey),
  sharpness: blend(smooth),
  posterize,
  solarize,
  "auto-contrast": perChannel(stretch),
  equalize: perChannel(equalize),
};

/** Names of the operations. */
export const trivialOperations: readonly string[] = Object.keys(operations);

/** Applies one operation. */
export function applyTrivial(name: string, subject: Subject): Float32Array {
  return operations[name]!(subject);
}

/** Applies one random operation; what is drawn depends on `random` alone. */
export function trivialAugment(
  image: Float32Array,
  side: number,
  random: Random,
): Float32Array {
  const name = trivialOperations[random.integer(trivialOperations.length)]!;
  const strength = random.integer(31) / 30;
  const sign = random.uniform() < 0.5 ? 1 : -1;
  return applyTrivial(name, { image, side, strength, sign });
}
