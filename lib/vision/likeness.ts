/**
 * Decides whether two images show the same thing except for size, mirroring and colours. This
 * finds leaks between the splits of a data set.
 *
 * @module
 */
import { type ImageSize, resizePlanes } from "./resize.ts";

/** Side of the small copies that are compared, in pixels. */
const SIDE = 16;

/** Images at least so alike count as one. Recoloured copies reach 0.98, other drawings rarely 0.9. */
export const sameMotif = 0.9;

/** A channel that adds less than this share of itself to the others is a sum of them. */
const DEPENDENT = 0.05;

/** A small copy of an image, ready to be compared. */
export interface Look {
  /** Channels of `SIDE²` values each, their mean taken off. */
  readonly planes: readonly Float32Array[];
  /** Orthonormal channels that span the same colours. */
  readonly span: readonly Float32Array[];
  /** Sum of the squares of all planes. */
  readonly energy: number;
}

/**
 * The look of an image.
 *
 * @param planes Channels first, any number of them (3 for RGB, 4 for a drawing with its alpha),
 * `channels * height * width` values.
 * @throws {RangeError} If the number of values does not fit.
 *
 * @example
 * ```ts
 * const grey = new Float32Array(3 * 8 * 8).fill(0.5);
 * console.log(lookOf(grey, { height: 8, width: 8 }).energy); // 0: nothing to see
 * ```
 */
export function lookOf(planes: Float32Array, from: ImageSize): Look {
  const pixels = from.height * from.width;
  const channels = planes.length / pixels;
  if (!Number.isInteger(channels) || channels === 0) {
    throw new RangeError(
      `Cannot compare an image of ${from.width}×${from.height} pixels: got ${planes.length} values`,
    );
  }
  const to = { height: SIDE, width: SIDE };
  const small = Array.from({ length: channels }, (_, channel) => {
    const plane = planes.slice(channel * pixels, (channel + 1) * pixels);
    return centred(resizePlanes(plane, { from, to, filter: "box" }));
  });
  return looksLike(small);
}

function looksLike(planes: readonly Float32Array[]): Look {
  const energy = planes.reduce((sum, plane) => sum + dot(plane, plane), 0);
  return { planes, span: orthonormal(planes), energy };
}

/** The image seen in a mirror. */
export function mirrored({ planes, span, energy }: Look): Look {
  return { planes: planes.map(mirror), span: span.map(mirror), energy };
}

function mirror(plane: Float32Array): Float32Array {
  return plane.map((_, i) => plane[i - i % SIDE + SIDE - 1 - i % SIDE]!);
}

/**
 * How alike two looks are, from 0 to 1: the share of the variance of either image that a linear
 * change of the other one's colours explains, the smaller of both, and the larger of plain and
 * mirrored. 1 is the same image in colours of its own; two images without contrast are not alike.
 */
export function likeness(a: Look, b: Look): number {
  return Math.max(sharedVariance(a, b), sharedVariance(a, mirrored(b)));
}

/** Below `least` any number below it will do, so that the other direction need not be computed. */
function sharedVariance(a: Look, b: Look, least = 0): number {
  const forth = explained(a, b);
  return forth < least ? forth : Math.min(forth, explained(b, a));
}

function explained(by: Look, look: Look): number {
  let sum = 0;
  for (const plane of look.planes) for (const axis of by.span) sum += dot(axis, plane) ** 2;
  return look.energy === 0 ? 0 : sum / look.energy;
}

function centred(plane: Float32Array): Float32Array {
  const mean = plane.reduce((sum, value) => sum + value, 0) / plane.length;
  return plane.map((value) => value - mean);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Gram and Schmidt, twice for float32's sake. */
function orthonormal(planes: readonly Float32Array[]): Float32Array[] {
  const span: Float32Array[] = [];
  for (const plane of planes) {
    const rest = plane.slice();
    for (let round = 0; round < 2; round++) {
      for (const axis of span) {
        const share = dot(axis, rest);
        for (let i = 0; i < rest.length; i++) rest[i] = rest[i]! - share * axis[i]!;
      }
    }
    const [whole, left] = [Math.sqrt(dot(plane, plane)), Math.sqrt(dot(rest, rest))];
    if (left > DEPENDENT * whole) span.push(rest.map((value) => value / left));
  }
  return span;
}

/** Two looks that are alike, by their places. */
export interface LikePair {
  readonly a: number;
  readonly b: number;
  readonly likeness: number;
}

/** The pairs of one look of each list that are at least so alike; of a list and itself, each pair once. */
export function likePairs(
  a: readonly Look[],
  b: readonly Look[],
  least = sameMotif,
): readonly LikePair[] {
  const pairs: LikePair[] = [];
  const flipped = b.map(mirrored);
  a.forEach((look, i) => {
    const end = a === b ? i : b.length;
    for (let j = 0; j < end; j++) {
      const alike = Math.max(
        sharedVariance(look, b[j]!, least),
        sharedVariance(look, flipped[j]!, least),
      );
      if (alike >= least) pairs.push({ a: i, b: j, likeness: alike });
    }
  });
  return pairs;
}
