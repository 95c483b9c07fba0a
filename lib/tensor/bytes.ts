/** Tensors as raw little-endian bytes. @module */
import { type DType, type DTypeArrays, dtypes } from "./dtype.ts";
import { sizeOf, type Tensor, tensor } from "./tensor.ts";

/** The bytes of a tensor's elements, little endian: a view, not a copy. */
export function tensorBytes(x: Tensor): Uint8Array {
  return new Uint8Array(x.data.buffer, x.data.byteOffset, x.data.byteLength);
}

/**
 * The same bytes as a plain array: Node's `Buffer` is one whose `slice` is a view, at any offset of a
 * larger block.
 */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * A tensor over little-endian bytes: a view where their offset is aligned, a copy otherwise.
 *
 * @throws {RangeError} If the number of bytes does not fit the shape.
 */
export function tensorFromBytes<T extends DType>(
  dtype: T,
  dims: readonly number[],
  bytes: Uint8Array,
): Tensor<T> {
  const row = dtypes[dtype];
  const length = sizeOf(dims);
  if (bytes.length !== length * row.bytes) {
    throw new RangeError(
      `Cannot make a ${dtype} tensor of shape [${dims}]: it needs ${
        length * row.bytes
      } bytes, there are ${bytes.length}`,
    );
  }
  const plain = plainBytes(bytes);
  const aligned = plain.byteOffset % row.bytes === 0 ? plain : plain.slice();
  const data = new row.array(aligned.buffer, aligned.byteOffset, length);
  return tensor(dtype, dims, data as DTypeArrays[T]);
}
