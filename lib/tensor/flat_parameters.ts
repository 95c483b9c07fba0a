/** Named float32 tensors that lie one after the other in one array, for training. @module */
import { sizeOf, type Tensor, tensor } from "./tensor.ts";

/** Where a parameter lies in the flat array. */
export interface ParameterPlace {
  readonly name: string;
  readonly dims: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** Places in the order of the parameters. */
export function placesOf(
  parameters: readonly { readonly name: string; readonly dims: readonly number[] }[],
): readonly ParameterPlace[] {
  let start = 0;
  return parameters.map(({ name, dims }) => ({ name, dims, start, end: start += sizeOf(dims) }));
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

/**
 * The tensors of all places as one array.
 *
 * @param nameOf Name that a parameter's tensor has among `tensors`; default: its own.
 * @throws {TypeError} If one is missing or no float32 of its size.
 */
export function flatValues(
  places: readonly ParameterPlace[],
  tensors: Readonly<Record<string, Tensor>>,
  nameOf: (parameter: string) => string = (name) => name,
): Float32Array {
  const flat = new Float32Array(places.at(-1)?.end ?? 0);
  for (const { name, start, end } of places) {
    const found = tensors[nameOf(name)];
    if (found?.dtype !== "float32" || found.data.length !== end - start) {
      const what = found ? `${found.dtype} [${found.dims.join(", ")}]` : "none";
      throw new TypeError(
        `Cannot lay out "${nameOf(name)}": it needs ${end - start} float32 values, found ${what}`,
      );
    }
    flat.set(found.data as Float32Array, start);
  }
  return flat;
}
