/** Draws the tasks that are computed again. @module */
import { Random } from "../tensor/random.ts";

/** A part of something: a percentage, or a count. */
export type Share = { readonly percent: number } | { readonly count: number };

/** Numbers below `all`, drawn without putting back; at least one, and the same for a seed. */
export function drawShare(all: number, share: Share, seed: number): number[] {
  const wanted = "count" in share ? share.count : Math.ceil(all * share.percent / 100);
  const random = new Random(`verify-report/${seed}`);
  const left = Array.from({ length: all }, (_, index) => index);
  const most = Math.min(all, Math.max(1, wanted));
  for (let index = 0; index < most; index++) {
    const other = index + random.integer(all - index);
    [left[index], left[other]] = [left[other]!, left[index]!];
  }
  return left.slice(0, most).sort((a, b) => a - b);
}

/** The chance that none of the false tasks is drawn. */
export function chanceToMiss(all: number, drawn: number, wrong: number): number {
  let chance = 1;
  for (let index = 0; index < wrong; index++) chance *= (all - drawn - index) / (all - index);
  return Math.max(0, chance);
}
