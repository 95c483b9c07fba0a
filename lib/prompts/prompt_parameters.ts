/** The trained numbers of a prompt in one flat array: first δ, then what its kind adds. @module */
import { type ParameterPlace, placesOf } from "../tensor/flat_parameters.ts";
import type { Canvas } from "./prompt_kind.ts";
import { type AnyPromptKind, promptKind, promptMask } from "./prompt_table.ts";

/** The parameters of a kind: `delta` [3, S, S] and those of its transformation. */
export function parameterPlaces(kind: AnyPromptKind, sizes: Canvas): readonly ParameterPlace[] {
  const others = promptKind(kind).transformation?.parameters ?? [];
  return placesOf([{ name: "delta", dims: [3, sizes.canvas, sizes.canvas] }, ...others]);
}

/** Values of an untrained prompt: δ = 0, and a transformation that shows the image at side s. */
export function initialParameters(kind: AnyPromptKind, sizes: Canvas): Float32Array {
  const others = promptKind(kind).transformation?.parameters ?? [];
  const delta = new Float32Array(3 * sizes.canvas ** 2);
  return Float32Array.from([...delta, ...others.flatMap((other) => other.initial(sizes))]);
}

/**
 * How fast each value is trained: m, which is 0 where δ stays 0, 1 where it is trained, and
 * `transformRate` for the transformation, whose few numbers each move the whole image.
 */
export function parameterRates(
  kind: AnyPromptKind,
  sizes: Canvas,
  transformRate: number,
): Float32Array {
  const mask = promptMask(kind, sizes).data;
  const rates = new Float32Array(parameterPlaces(kind, sizes).at(-1)!.end).fill(transformRate);
  rates.set(mask);
  return rates;
}
