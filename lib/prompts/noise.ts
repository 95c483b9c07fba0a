/** The baseline `noise`: a random frame of the strength of a trained one. @module */
import { Random } from "../tensor/random.ts";
import type { Canvas } from "./prompt_kind.ts";
import { promptMask } from "./prompt_table.ts";

/** Root of the mean square of δ over the frame. */
export function frameRms(prompt: Canvas & { readonly delta?: Float32Array }): number {
  const mask = promptMask("frame", prompt).data;
  let [sum, count] = [0, 0];
  mask.forEach((inside, i) => {
    if (inside === 0) return;
    sum += (prompt.delta?.[i] ?? 0) ** 2;
    count++;
  });
  return Math.sqrt(sum / Math.max(1, count));
}

/** A frame of independent normal values, zero inside: float32 [3, S, S]. */
export function noiseFrame(
  sizes: Canvas,
  options: { readonly rms: number; readonly seed: number },
): Float32Array {
  const random = new Random(`noise ${options.seed}`);
  return promptMask("frame", sizes).data.map((inside) =>
    inside === 0 ? 0 : options.rms * random.normal()
  );
}
