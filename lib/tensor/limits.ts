/**
 * Limits what a file may ask for by its own size: a few hundred bytes can claim terabytes.
 *
 * @module
 */

const MIB = 2 ** 20;

/** Bytes that any file may unpack to, however small it is: tensors of zeros compress well. */
const FREE_BYTES = 128 * MIB;

/** Bytes that a byte of the file may represent beyond these. */
const BYTES_PER_BYTE = 4;

/** Most axes of a tensor, as NumPy and PyTorch have it. */
const MAX_AXES = 64;

/** Bytes that may still be made of a file: what its archive unpacks, what its tensors repeat. */
export class ByteBudget {
  readonly #limit: number;
  #left: number;

  constructor(fileBytes: number) {
    this.#limit = this.#left = FREE_BYTES + BYTES_PER_BYTE * fileBytes;
  }

  /** Takes bytes; what is wrong in words if there are not as many left. */
  take(bytes: number): string | undefined {
    this.#left -= bytes;
    if (this.#left >= 0) return undefined;
    return `more than ${
      Math.floor(this.#limit / MIB)
    } MiB would be needed to unpack it, too much for its size`;
  }
}

/** Whether a value read from a file is the shape of a tensor: few, whole, not negative numbers. */
export function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length <= MAX_AXES && value.every(isCount) &&
    Number.isSafeInteger(value.reduce((size, dim) => size * Math.max(1, dim), 1));
}

/** Whether a value read from a file is a number of things. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
