/** The trained numbers of a prompt in one flat array: first δ, then what its kind adds. @module */
import { sizeOf, type Tensor, tensor } from "../tensor/tensor.ts";
import type { Canvas } from "./prompt_kind.ts";
import { type AnyPromptKind, promptKind, promptMask } from "./prompt_table.ts";

/** Where a parameter lies in the flat array. */
export interface ParameterPlace {
  readonly name: string;
  readonly dims: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** The parameters of a kind: `delta` [3, S, S] and those of its transformation. */
export function parameterPlaces(kind: AnyPromptKind, sizes: Canvas): readonly ParameterPlace[] {
  const others = promptKind(kind).transformation?.parameters ?? [];
  let start = 0;
  return [{ name: "delta", dims: [3, sizes.canvas, sizes.canvas] }, ...others]
    .map(({ name, dims }) => ({ name, dims, start, end: start += sizeOf(dims) }));
}

/** Values of an untrained prompt: δ = 0, and a transformation that shows the picture at side s. */
export function initialParameters(kind: AnyPromptKind, sizes: Canvas): Float32Array {
  const others = promptKind(kind).transformation?.parameters ?? [];
  const delta = new Float32Array(3 * sizes.canvas ** 2);
  return Float32Array.from([...delta, ...others.flatMap((other) => other.initial(sizes))]);
}

/**
 * How fast each value is trained: m, which is 0 where δ stays 0, 1 where it is trained, and
 * `transformRate` for the transformation, whose few numbers each move the whole picture.
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

/** Views of the flat array, by name. */
export function parameterTensors(
  places: readonly ParameterPlace[],
  flat: Float32Array,
): Record<string, Tensor<"float32">> {
  return Object.fromEntries(places.map(({ name, dims, start, end }) => [
    name,
    tensor("float32", dims, flat.subarray(start, end)),
  ]));
}
