/** Frames that are not trained, as strong as a prompt: one colour, or noise. @module */
import { Random } from "../tensor/random.ts";
import type { Canvas } from "./prompt_kind.ts";
import { type AnyPromptKind, promptMask } from "./prompt_table.ts";

/** Root of the mean square of δ where its kind may change pixels. */
export function promptRms(
  prompt: Canvas & { readonly kind: AnyPromptKind; readonly delta: Float32Array },
): number {
  const mask = promptMask(prompt.kind, prompt).data;
  let [sum, count] = [0, 0];
  mask.forEach((inside, i) => {
    if (inside === 0) return;
    sum += prompt.delta[i]! ** 2;
    count++;
  });
  return Math.sqrt(sum / Math.max(1, count));
}

/** Largest |δ|. */
export function promptPeak(delta: Float32Array): number {
  return delta.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0);
}

/** Independent normal values where a kind may change pixels, zero elsewhere: float32 [3, S, S]. */
export function noiseFrame(
  sizes: Canvas & { readonly kind: AnyPromptKind },
  options: { readonly rms: number; readonly seed: number },
): Float32Array {
  const random = new Random(`noise ${options.seed}`);
  return promptMask(sizes.kind, sizes).data.map((inside) =>
    inside === 0 ? 0 : options.rms * random.normal()
  );
}

/** One grey, `rms` brighter than the padding, where a kind may change pixels: float32 [3, S, S]. */
export function plainFrame(
  sizes: Canvas & { readonly kind: AnyPromptKind },
  options: { readonly rms: number },
): Float32Array {
  return promptMask(sizes.kind, sizes).data.map((inside) => options.rms * inside);
}
