/** Weights and tensors: the one is a reference to bytes, the other holds its elements. @module */
import { tensorBytes, tensorFromBytes } from "../tensor/bytes.ts";
import { dtypes } from "../tensor/dtype.ts";
import { sizeOf, type Tensor } from "../tensor/tensor.ts";
import type { Weight, WeightData } from "./model.ts";

/** Reads a range of a weight file; the library itself opens no files. */
export type ReadRange = (range: Extract<WeightData, { kind: "external" }>) => Uint8Array;

/** A weight over the bytes of a tensor, without a copy. */
export function weightFromTensor(t: Tensor): Weight {
  return { dtype: t.dtype, dims: t.dims, data: { kind: "inline", bytes: tensorBytes(t) } };
}

/**
 * The elements of a weight; a view where alignment allows.
 *
 * @throws {TypeError} If the weight lies in a file and no `read` is given.
 * @throws {RangeError} If the number of bytes does not fit the shape.
 */
export function tensorFromWeight(w: Weight, read?: ReadRange): Tensor {
  return tensorFromBytes(w.dtype, w.dims, weightBytes(w, read));
}

function weightBytes({ data }: Weight, read: ReadRange | undefined): Uint8Array {
  if (data.kind === "inline") return data.bytes;
  if (read === undefined) {
    throw new TypeError(
      `Cannot read a weight in "${data.location}": it lies in a file and no reader is given`,
    );
  }
  return read(data);
}

/** Size of a weight in bytes. */
export function weightSize(w: Weight): number {
  return sizeOf(w.dims) * dtypes[w.dtype].bytes;
}
