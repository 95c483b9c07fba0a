/** Arrays as NumPy lays them out: element types, byte orders, C and Fortran order. @module */
import { tensorFromBytes } from "./bytes.ts";
import { type DType, dtypes } from "./dtype.ts";
import { sizeOf, type Tensor, zeros } from "./tensor.ts";

/** Element types without their byte order; bfloat16 has none in NumPy. */
export const numpyTypes: Readonly<Record<Exclude<DType, "bfloat16">, string>> = {
  float32: "f4",
  float64: "f8",
  float16: "f2",
  int64: "i8",
  int32: "i4",
  int16: "i2",
  int8: "i1",
  uint64: "u8",
  uint32: "u4",
  uint16: "u2",
  uint8: "u1",
  bool: "b1",
};

const byType = new Map(Object.entries(numpyTypes).map(([dtype, code]) => [code, dtype as DType]));

/** How the elements of an array lie in its bytes. */
export interface NumpyLayout {
  readonly dtype: DType;
  readonly bigEndian: boolean;
  readonly dims: readonly number[];
  /** First axis fastest. */
  readonly fortran: boolean;
}

/** Element type and byte order of `<f4`; `undefined` if no tensor has it (text, objects). */
export function readDescriptor(
  descriptor: string,
): Pick<NumpyLayout, "dtype" | "bigEndian"> | undefined {
  const [, order, code] = /^([<>|=]?)(.*)$/s.exec(descriptor)!;
  const dtype = code === "?" ? "bool" : byType.get(code!);
  return dtype && { dtype, bigEndian: order === ">" };
}

/**
 * The elements in row-major order: a view of `bytes` where they lie so.
 *
 * @throws {RangeError} If the number of bytes does not fit the shape.
 */
export function tensorOfNumpy(layout: NumpyLayout, bytes: Uint8Array): Tensor {
  const { dtype, dims, bigEndian, fortran } = layout;
  const width = dtypes[dtype].bytes;
  const swapped = bigEndian && width > 1 ? swapBytes(bytes, width) : bytes;
  const stored = tensorFromBytes(dtype, dims, swapped);
  return fortran && dims.length > 1 ? toRowMajor(stored) : stored;
}

function swapBytes(bytes: Uint8Array, width: number): Uint8Array {
  const swapped = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at++) {
    const element = at - at % width;
    swapped[at] = bytes[element + width - 1 - at % width]!;
  }
  return swapped;
}

/** Element (i, j, k) lies at i + dims[0] · (j + dims[1] · k). */
function toRowMajor({ dtype, dims, data }: Tensor): Tensor {
  const out = zeros(dtype, dims);
  const index = dims.map(() => 0);
  const strides = dims.map((_, axis) => sizeOf(dims.slice(0, axis)));
  for (let i = 0, from = 0; i < out.data.length; i++) {
    out.data[i] = data[from]!;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < dims[axis]!) break;
      from -= strides[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
  return { dtype, dims, data: out.data };
}
