/** Bounds the root mean square of δ. @module */
import type { Bound } from "./bound.ts";

/** δ ← δ · min(1, limit/RMS(δ)), the RMS over what is trained: the nearest point of a ball in L2. */
export const rms: Bound<number> = {
  description: "largest root of the mean square of δ over what is trained",
  project({ delta, rates }, limit) {
    let [sum, count] = [0, 0];
    rates.forEach((rate, i) => {
      if (rate === 0) return;
      sum += delta[i]! ** 2;
      count++;
    });
    const size = Math.sqrt(sum / Math.max(1, count));
    if (size <= limit) return;
    for (let i = 0; i < delta.length; i++) delta[i] = delta[i]! * limit / size;
  },
};
