/** NumPy's npy format: one array in a file. @module */
import { tensorBytes, tensorFromBytes } from "./bytes.ts";
import type { DType } from "./dtype.ts";
import type { Tensor } from "./tensor.ts";

/** The bytes are no npy file that can be read; the message says why. */
export class NpyError extends SyntaxError {
  override readonly name = "NpyError";
}

const magic = "\x93NUMPY";

/** Type descriptors; bfloat16 has none in NumPy. */
const descriptors: Readonly<Record<Exclude<DType, "bfloat16">, string>> = {
  float32: "<f4",
  float64: "<f8",
  float16: "<f2",
  int64: "<i8",
  int32: "<i4",
  int16: "<i2",
  int8: "|i1",
  uint64: "<u8",
  uint32: "<u4",
  uint16: "<u2",
  uint8: "|u1",
  bool: "|b1",
};

const byDescriptor = new Map(
  Object.entries(descriptors).map(([dtype, descriptor]) => [descriptor, dtype as DType]),
);

/**
 * Decodes an npy file of a numeric array in C order.
 *
 * @throws {NpyError} If the file is no npy file, is in Fortran order, or holds another element type.
 */
export function decodeNpy(bytes: Uint8Array): Tensor {
  const { header, start } = readHeader(bytes);
  const descriptor = field(header, /'descr':\s*'([^']*)'/, "descr");
  if (field(header, /'fortran_order':\s*(True|False)/, "fortran_order") === "True") {
    throw new NpyError("Cannot decode npy: the array is in Fortran order, save it in C order");
  }
  const dtype = byDescriptor.get(descriptor);
  if (dtype === undefined) {
    throw new NpyError(
      `Cannot decode npy: the element type is "${descriptor}", known are ${
        [...byDescriptor.keys()].join(", ")
      }`,
    );
  }
  const shape = field(header, /'shape':\s*\(([^)]*)\)/, "shape");
  const dims = shape.split(",").map((d) => d.trim()).filter((d) => d !== "").map(Number);
  try {
    return tensorFromBytes(dtype, dims, bytes.subarray(start));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new NpyError(`Cannot decode npy: ${cause.message}`, { cause });
  }
}

function readHeader(bytes: Uint8Array): { header: string; start: number } {
  const latin = new TextDecoder("latin1");
  if (bytes.length < 12 || bytes[0] !== 0x93 || latin.decode(bytes.subarray(1, 6)) !== "NUMPY") {
    throw new NpyError("Cannot decode npy: the file does not begin with \\x93NUMPY");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6]! > 1;
  const first = wide ? 12 : 10;
  const start = first + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  if (start > bytes.length) {
    throw new NpyError(
      `Cannot decode npy: the header ends at byte ${start}, the file has ${bytes.length}`,
    );
  }
  return { header: latin.decode(bytes.subarray(first, start)), start };
}

function field(header: string, pattern: RegExp, name: string): string {
  const value = pattern.exec(header)?.[1];
  if (value === undefined) {
    throw new NpyError(`Cannot decode npy: the header has no ${name}: ${header.trim()}`);
  }
  return value;
}

/**
 * Encodes a tensor as an npy file (format 1.0, C order).
 *
 * @throws {TypeError} If the element type is bfloat16, which NumPy does not have.
 */
export function encodeNpy(x: Tensor): Uint8Array {
  if (x.dtype === "bfloat16") {
    throw new TypeError("Cannot encode npy: NumPy has no bfloat16, cast the tensor to float32");
  }
  const shape = x.dims.length === 1 ? `${x.dims[0]},` : x.dims.join(", ");
  const text = `{'descr': '${
    descriptors[x.dtype]
  }', 'fortran_order': False, 'shape': (${shape}), }`;
  const length = Math.ceil((magic.length + 4 + text.length + 1) / 64) * 64 - magic.length - 4;
  const data = tensorBytes(x);
  const bytes = new Uint8Array(magic.length + 4 + length + data.length).fill(0x20);
  bytes.set(Uint8Array.from(magic, (c) => c.charCodeAt(0)));
  bytes.set([1, 0, length & 0xff, length >> 8], magic.length);
  bytes.set(new TextEncoder().encode(text), magic.length + 4);
  bytes[magic.length + 4 + length - 1] = 0x0a;
  bytes.set(data, magic.length + 4 + length);
  return bytes;
}
