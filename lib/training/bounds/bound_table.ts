/** The bounds by name. A new one is a file and a row. @module */
import type { Bounded } from "./bound.ts";
import { range } from "./range.ts";
import { rms } from "./rms.ts";

/** All bounds, in the order in which they are kept. */
export const bounds = { rms, range } as const;

/** Limits by bound. */
export interface Limits {
  readonly rms?: number | undefined;
  readonly range?: readonly [least: number, most: number] | undefined;
}

/** Moves δ to where it keeps the limits. */
export function project(bounded: Bounded, limits: Limits): void {
  if (limits.rms !== undefined) bounds.rms.project(bounded, limits.rms);
  if (limits.range !== undefined) bounds.range.project(bounded, limits.range);
}

/** How tables call limits: `RMS 0.25`, `0 to 1`. */
export function limitsText({ rms, range }: Limits): string {
  return [
    ...(rms === undefined ? [] : [`RMS ${rms}`]),
    ...(range === undefined ? [] : [`${range[0]} to ${range[1]}`]),
  ].join(", ");
}
