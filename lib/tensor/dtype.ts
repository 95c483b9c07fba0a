/**
 * Element types, named as safetensors and ONNX users know them. float16 and bfloat16 hold raw
 * bits in a Uint16Array, bool holds 0 or 1 in a Uint8Array.
 *
 * @module
 */

/** The typed array that stores each element type. */
export interface DTypeArrays {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  int64: BigInt64Array;
  int32: Int32Array;
  int16: Int16Array;
  int8: Int8Array;
  uint64: BigUint64Array;
  uint32: Uint32Array;
  uint16: Uint16Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

/** Element type of a tensor. */
export type DType = keyof DTypeArrays;

/** Any storage array of a tensor. */
export type TypedArray = DTypeArrays[DType];

interface DTypeRow<T extends DType> {
  readonly bytes: number;
  readonly array: {
    new (length: number): DTypeArrays[T];
    new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): DTypeArrays[T];
  };
  readonly float: boolean;
}

/** Size in bytes, storage and kind of each element type. */
export const dtypes: { readonly [T in DType]: DTypeRow<T> } = {
  float32: { bytes: 4, array: Float32Array, float: true },
  float64: { bytes: 8, array: Float64Array, float: true },
  float16: { bytes: 2, array: Uint16Array, float: true },
  bfloat16: { bytes: 2, array: Uint16Array, float: true },
  int64: { bytes: 8, array: BigInt64Array, float: false },
  int32: { bytes: 4, array: Int32Array, float: false },
  int16: { bytes: 2, array: Int16Array, float: false },
  int8: { bytes: 1, array: Int8Array, float: false },
  uint64: { bytes: 8, array: BigUint64Array, float: false },
  uint32: { bytes: 4, array: Uint32Array, float: false },
  uint16: { bytes: 2, array: Uint16Array, float: false },
  uint8: { bytes: 1, array: Uint8Array, float: false },
  bool: { bytes: 1, array: Uint8Array, float: false },
};
