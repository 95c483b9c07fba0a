/** NumPy's arrays in pickles. @module */
import { Buffer } from "node:buffer";
import { isShape } from "./limits.ts";
import { type NumpyLayout, readDescriptor, tensorOfNumpy } from "./numpy_array.ts";
import { PickleObject } from "./pickle_object.ts";
import { dtypes } from "./dtype.ts";
import { sizeOf, type Tensor } from "./tensor.ts";

/** An array of numbers in a pickle, before its elements are put in order. */
export interface PickledArray extends NumpyLayout {
  /** Bytes, or a text of Latin-1 characters for them (protocols 0 to 2). */
  readonly raw: Uint8Array | string;
}

/** An array in a pickle, in parts that are not looked at yet. */
interface Parts {
  readonly dims: unknown;
  readonly dtype: unknown;
  readonly fortran: boolean;
  readonly content: unknown;
}

/** An empty array that is filled with `(version, shape, dtype, in Fortran order, bytes)`. */
function filled({ state }: PickleObject): Parts | undefined {
  if (!Array.isArray(state)) return undefined;
  const [, dims, dtype, fortran, content] = state;
  return { dims, dtype, fortran: fortran === true, content };
}

/** Protocol 5: `_frombuffer(bytes, dtype, shape, order)`. */
function fromBuffer({ args: [content, dtype, dims, order] }: PickleObject): Parts {
  return { dims, dtype, fortran: order === "F", content };
}

/** What makes arrays in NumPy 1 and 2. */
const makers: ReadonlyMap<string, (value: PickleObject) => Parts | undefined> = new Map([
  ["numpy.core.multiarray._reconstruct", filled],
  ["numpy._core.multiarray._reconstruct", filled],
  ["numpy.core.numeric._frombuffer", fromBuffer],
  ["numpy._core.numeric._frombuffer", fromBuffer],
]);

/** The array that an object of a pickle represents; `undefined` if it is not an array of numbers. */
export function pickledArray(value: unknown): PickledArray | undefined {
  const parts = value instanceof PickleObject ? makers.get(value.name)?.(value) : undefined;
  if (parts === undefined) return undefined;
  const { dims, dtype, fortran, content } = parts;
  const type = elementType(dtype);
  const raw = rawOf(content);
  if (type === undefined || raw === undefined || !isShape(dims)) return undefined;
  return { ...type, dims, fortran, raw };
}

/** What makes single numbers: `scalar(dtype, bytes)`. */
const scalarMakers = ["numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar"];

/** The number that an object of a pickle represents, as an array of one. */
export function pickledScalar(value: unknown): PickledArray | undefined {
  if (!(value instanceof PickleObject) || !scalarMakers.includes(value.name)) return undefined;
  const type = elementType(value.args[0]);
  const raw = rawOf(value.args[1]);
  if (type === undefined || raw === undefined) return undefined;
  return { ...type, dims: [1], fortran: false, raw };
}

/** `numpy.dtype("f4", False, True)`, filled with `(3, "<", …)`. */
function elementType(dtype: unknown) {
  if (!(dtype instanceof PickleObject) || dtype.name !== "numpy.dtype") return undefined;
  const [code] = dtype.args;
  const order = Array.isArray(dtype.state) ? dtype.state[1] : "";
  return typeof code === "string" && typeof order === "string"
    ? readDescriptor(`${order}${code}`)
    : undefined;
}

function rawOf(content: unknown): Uint8Array | string | undefined {
  const isCall = content instanceof PickleObject && content.name === "_codecs.encode";
  const raw = isCall ? content.args[0] : content;
  return typeof raw === "string" || raw instanceof Uint8Array ? raw : undefined;
}

/** Bytes that the elements take. */
export function pickledBytes({ dtype, dims }: PickledArray): number {
  return sizeOf(dims) * dtypes[dtype].bytes;
}

/**
 * The elements of an array in row-major order.
 *
 * @throws {RangeError} If the number of bytes does not fit the shape.
 */
export function tensorOfPickled(array: PickledArray): Tensor {
  const { raw, dims } = array;
  const expected = pickledBytes(array);
  if (raw.length !== expected) {
    throw new RangeError(
      `an array of shape [${dims}] needs ${expected} bytes, there are ${raw.length}`,
    );
  }
  const bytes = typeof raw === "string" ? new Uint8Array(Buffer.from(raw, "latin1")) : raw;
  return tensorOfNumpy(array, bytes);
}
