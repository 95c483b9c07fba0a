/**
 * Compares what f gains on each side of the point with the mean of its gradient there. A kink makes
 * no difference to that, at the point itself or farther out: f is the integral of its derivative.
 *
 * @module
 */
import { deviations, type LineValue } from "./differences.ts";

/** One side of the point. */
export interface Side {
  /** (f(h) − f(0)) / h; h is negative on the left. */
  readonly slope: number;
  /** Mean of the derivative between 0 and h, by the gradient. */
  readonly mean: number;
  readonly uncertainty: number;
}

/** Places and weights of Gauss and Legendre's rule with three points on [0, 1]. */
const gauss: readonly (readonly [place: number, weight: number])[] = [
  [0.5 - Math.sqrt(0.15), 5 / 18],
  [0.5, 8 / 18],
  [0.5 + Math.sqrt(0.15), 5 / 18],
];

/** f and its derivative by the gradient, along a line. */
export interface Line {
  readonly value: LineValue;
  readonly slope: LineValue;
}

/** Both sides, up to a step. */
export async function sidesOf(
  line: Line,
  start: number,
  { step, noise }: { readonly step: number; readonly noise: number },
): Promise<readonly Side[]> {
  const sides: Side[] = [];
  for (const end of [-step, step]) {
    const slope = (await line.value(end) - start) / end;
    const found: number[] = [];
    for (const [place] of gauss) found.push(await line.slope(place * end));
    const mean = gauss.reduce((sum, [, weight], i) => sum + weight * found[i]!, 0);
    // A jump between two places changes the mean by less than the places differ.
    const spread = Math.max(...found) - Math.min(...found);
    sides.push({ slope, mean, uncertainty: spread + deviations * Math.SQRT2 * noise / step });
  }
  return sides;
}
