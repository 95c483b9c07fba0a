/**
 * The comparisons that were named beforehand. Only these are tests; they are corrected together.
 *
 * @module
 */
import type { Primary } from "../artifacts/report.ts";
import { holm } from "./estimate.ts";

/** Whether a comparison is of the family. */
export function isPrimary(
  { a, b, over }: { readonly a: string; readonly b: string; readonly over: string },
  family: readonly Primary[],
): boolean {
  return family.some((named) => named.a === a && named.b === b && named.over === over);
}

/** Corrects the family's p-values (Holm 1979); all others are secondary and keep theirs. */
export function withHolm<T extends { readonly p: number; readonly primary: boolean }>(
  comparisons: readonly T[],
): readonly (T & { readonly pHolm?: number })[] {
  const family = comparisons.filter((c) => c.primary);
  const corrected = new Map(holm(family.map((c) => c.p)).map((p, i) => [family[i]!, p]));
  return comparisons.map((c) => c.primary ? { ...c, pHolm: corrected.get(c)! } : c);
}

/** The comparisons of the family that have no scores. */
export function missingOf(
  family: readonly Primary[],
  comparisons: readonly Primary[],
): readonly Primary[] {
  return family.filter((named) => !comparisons.some((c) => isPrimary(c, [named])));
}
