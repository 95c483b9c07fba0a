/** A dense tensor in row-major order. @module */
import { type DType, type DTypeArrays, dtypes } from "./dtype.ts";

/** A dense, row-major tensor; `data.length` is the product of `dims` (1 for a scalar, `dims: []`). */
export interface Tensor<T extends DType = DType> {
  readonly dtype: T;
  readonly dims: readonly number[];
  readonly data: DTypeArrays[T];
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(dims: readonly number[]): number {
  let size = 1;
  for (const dim of dims) size *= dim;
  return size;
}

/**
 * Makes a tensor over `data` without copying it.
 *
 * @throws {RangeError} If the length of `data` is not the product of `dims`.
 *
 * @example
 * ```ts
 * const x = tensor("float32", [2, 2], new Float32Array([1, 2, 3, 4]));
 * ```
 */
export function tensor<T extends DType>(
  dtype: T,
  dims: readonly number[],
  data: DTypeArrays[T],
): Tensor<T> {
  const size = sizeOf(dims);
  if (data.length !== size) {
    throw new RangeError(
      `Cannot make a ${dtype} tensor of shape [${dims}]: it needs ${size} elements, data has ${data.length}`,
    );
  }
  return { dtype, dims, data };
}

/** A tensor of zeros. */
export function zeros<T extends DType>(dtype: T, dims: readonly number[]): Tensor<T> {
  return { dtype, dims, data: new dtypes[dtype].array(sizeOf(dims)) };
}
