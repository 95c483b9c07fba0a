/** Tensors from and to plain numbers, and from one element type to another. @module */
import { type DType, type DTypeArrays, dtypes, type TypedArray } from "./dtype.ts";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "./float16.ts";
import { type Tensor, tensor } from "./tensor.ts";

type Bits = Uint16Array<ArrayBufferLike>;
type BigInts = BigInt64Array | BigUint64Array;

function isBig(dtype: DType): boolean {
  return dtype === "int64" || dtype === "uint64";
}

/** All elements of a tensor as doubles. */
export function toNumbers(x: Tensor): Float64Array {
  const numbers = new Float64Array(x.data.length);
  if (x.dtype === "float16") return numbers.map((_, i) => fromFloat16((x.data as Bits)[i]!));
  if (x.dtype === "bfloat16") return numbers.map((_, i) => fromBfloat16((x.data as Bits)[i]!));
  if (isBig(x.dtype)) return numbers.map((_, i) => Number((x.data as BigInts)[i]));
  numbers.set(x.data as Exclude<TypedArray, BigInts>);
  return numbers;
}

/** Writes integers of 64 bits; what is above the largest, `limit` − 1, becomes the largest. */
function bigWriter(limit: bigint): (value: number) => bigint {
  return (value) => value >= Number(limit) ? limit - 1n : BigInt(Math.trunc(value));
}

/**
 * A tensor of any element type from numbers. Fractions are cut off for integer types, bool is
 * "not zero", and numbers above the largest int64 or uint64 become the largest.
 *
 * @throws {RangeError} If the number of elements is not the product of `dims`.
 */
export function fromNumbers<T extends DType>(
  dtype: T,
  dims: readonly number[],
  numbers: ArrayLike<number>,
): Tensor<T> {
  const data = new dtypes[dtype].array(numbers.length);
  const write = writers[dtype] ?? ((v: number) => v);
  for (let i = 0; i < numbers.length; i++) data[i] = write(numbers[i]!) as never;
  return tensor(dtype, dims, data as DTypeArrays[T]);
}

const writers: Partial<Record<DType, (value: number) => number | bigint>> = {
  float16: toFloat16,
  bfloat16: toBfloat16,
  int64: bigWriter(2n ** 63n),
  uint64: bigWriter(2n ** 64n),
  bool: (v) => v !== 0 ? 1 : 0,
};

/** The tensor in another element type; itself if it has it already. */
export function castTensor<T extends DType>(x: Tensor, dtype: T): Tensor<T> {
  if (x.dtype === dtype) return x as Tensor as Tensor<T>;
  if (isBig(x.dtype) && isBig(dtype)) {
    const data = new dtypes[dtype].array(x.data.length) as BigInts;
    data.set(x.data as BigInts);
    return tensor(dtype, x.dims, data as DTypeArrays[T]);
  }
  return fromNumbers(dtype, x.dims, toNumbers(x));
}
