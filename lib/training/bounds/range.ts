/** Bounds every value of δ. @module */
import type { Bound } from "./bound.ts";

/** Each value is clamped: `[0, 1]` on the empty border of a shrunk image leaves pixels of an image. */
export const range: Bound<readonly [number, number]> = {
  description: "smallest and largest value of δ",
  project({ delta, rates }, [least, most]) {
    for (let i = 0; i < delta.length; i++) {
      if (rates[i] !== 0) delta[i] = Math.min(most, Math.max(least, delta[i]!));
    }
  },
};
