/**
 * Derivatives along a line by central differences, with Richardson's extrapolation from a step and
 * half of it, and what they are uncertain by: what the extrapolation corrected, and the noise of f.
 *
 * @module
 */
import type { Precision, Subject } from "./subject.ts";

/** f along a line through the point, at 0. */
export type LineValue = (distance: number) => Promise<number>;

/** A derivative and the bound of its error. */
export interface Estimate {
  readonly derivative: number;
  readonly uncertainty: number;
  /** Length of the step. */
  readonly step: number;
  /** Slopes of the shortest step to the left and to the right. */
  readonly sides: readonly [left: number, right: number];
}

/** Steps in units of the input's own size, in the order in which they are tried. */
export const stepsIn: Readonly<Record<Precision, readonly number[]>> = {
  float64: [1e-6, 1e-5, 1e-4, 1e-3, 1e-2],
  mixed: [1e-3, 1e-2, 1e-4, 0.1],
  model: [1e-2, 3e-3, 3e-2, 1e-3, 0.1],
};

/** Distance between points at which noise is measured: short against the steps. */
const spacingIn: Readonly<Record<Precision, number>> = {
  float64: 1e-7,
  mixed: 1e-5,
  model: 1e-5,
};

/** Noise counts with this many standard deviations. */
export const deviations = 3;

/**
 * Standard deviation of the rounding noise of f, by fourth differences of seven close values, in which
 * a smooth function leaves nothing (Moré and Wild 2011), or the rounding of its terms if that is more.
 */
export async function noiseOf(
  f: LineValue,
  { precision, start, size }: Pick<Subject, "precision" | "start" | "size">,
): Promise<number> {
  const spacing = spacingIn[precision];
  let differences: number[] = [];
  for (let i = -3; i <= 3; i++) differences.push(i === 0 ? start : await f(i * spacing));
  for (let order = 0; order < 4; order++) {
    differences = differences.slice(1).map((value, i) => value - differences[i]!);
  }
  const squares = differences.reduce((sum, value) => sum + value * value, 0) / differences.length;
  // 8! / (4!)² = 70 is the sum of the squared binomials of fourth order.
  const measured = Math.sqrt(squares / 70);
  const rounding = size * (precision === "model" ? 2 ** -25 : 2 ** -53);
  return Math.max(Number.isFinite(measured) ? measured : 0, rounding);
}

/** f at the point, and the noise of f. */
export interface Level {
  readonly start: number;
  readonly noise: number;
}

/** The derivative with one step: (4 D(h/2) − D(h)) / 3. `undefined` where f is not finite. */
async function extrapolate(
  f: LineValue,
  step: number,
  { start, noise }: Level,
): Promise<Estimate | undefined> {
  const long = (await f(step) - await f(-step)) / (2 * step);
  const [left, right] = [start - await f(-step / 2), await f(step / 2) - start];
  const short = (right + left) / step;
  const derivative = (4 * short - long) / 3;
  if (!Number.isFinite(derivative)) return undefined;
  // Standard deviation of the extrapolated value: √(4² · 2 + (1/2)² · 2) / 3 < 2 noises a step.
  const uncertainty = Math.abs(derivative - short) + deviations * 2 * noise / step;
  return { derivative, uncertainty, step, sides: [2 * left / step, 2 * right / step] };
}

/** The derivative with the step that leaves least uncertainty; later ones are tried as needed. */
export async function differentiate(
  f: LineValue,
  steps: readonly number[],
  level: Level & { readonly enough: (e: Estimate) => boolean },
): Promise<Estimate | undefined> {
  let best: Estimate | undefined;
  for (const step of steps) {
    const found = await extrapolate(f, step, level);
    if (found === undefined) continue;
    if (best === undefined || found.uncertainty < best.uncertainty) best = found;
    if (level.enough(best)) break;
  }
  return best;
}
