/** NumPy's npy format: one array in a file (versions 1.0 to 3.0). @module */
import { tensorBytes } from "./bytes.ts";
import { type DType, dtypes } from "./dtype.ts";
import { isShape } from "./limits.ts";
import { numpyTypes, readDescriptor, tensorOfNumpy } from "./numpy_array.ts";
import { parsePythonLiteral, PythonTuple } from "./python_literal.ts";
import { sizeOf, type Tensor } from "./tensor.ts";

/** The bytes are not an npy file that can be read; the message says why. */
export class NpyError extends SyntaxError {
  override readonly name = "NpyError";
}

const magic = "\x93NUMPY";

/** What the header says of an array. */
interface Header {
  /** Type of the elements as NumPy writes it: `<f4`; a list where they are structures. */
  readonly descr: unknown;
  readonly fortran: boolean;
  readonly dims: readonly number[];
  /** Where the elements begin. */
  readonly start: number;
}

const failure = (cause: string) => new NpyError(`Cannot decode npy: ${cause}`);

/** Whether bytes begin as an npy file does. */
function isNpy(bytes: Uint8Array): boolean {
  return bytes.length >= 12 && [...magic].every((c, i) => bytes[i] === c.charCodeAt(0));
}

/**
 * Decodes an npy file of numbers, in either byte order and in C or Fortran order.
 *
 * @throws {NpyError} If the file is not an npy file, is damaged, or holds text, objects or structures.
 */
export function decodeNpy(bytes: Uint8Array): Tensor {
  const header = readHeader(bytes);
  const type = elementsOf(header);
  if (type === undefined) {
    const found = typeof header.descr === "string" ? `"${header.descr}"` : "a structure";
    throw failure(
      `the element type is ${found}, known types are ${
        Object.values(numpyTypes).join(", ")
      } in either byte order`,
    );
  }
  try {
    const { dims, fortran } = header;
    return tensorOfNumpy({ ...type, dims, fortran }, bytes.subarray(header.start));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new NpyError(`Cannot decode npy: ${cause.message}`, { cause });
  }
}

/** What an npy file says of its array. */
export interface NpyLayout {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly fortran: boolean;
  /** First byte of the elements. */
  readonly start: number;
}

/**
 * Reads the header of a file of numbers.
 *
 * @param head The beginning of the file.
 * @throws {NpyError} If it is not an npy file, or does not have as many bytes as its shape needs.
 */
export function npyLayout(head: Uint8Array, fileBytes: number): NpyLayout {
  const header = readHeader(head);
  const type = elementsOf(header);
  if (type === undefined) throw failure("its elements are not numbers");
  const { dims, fortran, start } = header;
  const bytes = sizeOf(dims) * dtypes[type.dtype].bytes;
  if (fileBytes - start === bytes) return { dtype: type.dtype, dims, fortran, start };
  throw failure(`shape [${dims}] needs ${bytes} bytes, there are ${fileBytes - start}`);
}

/**
 * Whether an npy file holds numbers that a tensor can have, and not text, objects or structures.
 *
 * @throws {NpyError} If the file is not an npy file, or its header is damaged.
 */
export function holdsNumbers(bytes: Uint8Array): boolean {
  return elementsOf(readHeader(bytes)) !== undefined;
}

const elementsOf = ({ descr }: Header) =>
  typeof descr === "string" ? readDescriptor(descr) : undefined;

/** Bytes of the length of the header, and how its text is written, by the format's version. */
const versions: Readonly<Record<number, { readonly wide: boolean; readonly encoding: string }>> = {
  1: { wide: false, encoding: "latin1" },
  2: { wide: true, encoding: "latin1" },
  3: { wide: true, encoding: "utf-8" },
};

function readHeader(bytes: Uint8Array): Header {
  if (!isNpy(bytes)) throw failure("the file does not begin with \\x93NUMPY");
  const version = versions[bytes[6]!];
  if (version === undefined) {
    throw failure(
      `the format's version is ${bytes[6]}.${bytes[7]}, known versions are 1.0, 2.0 and 3.0`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = version.wide ? 12 : 10;
  const start = first + (version.wide ? view.getUint32(8, true) : view.getUint16(8, true));
  if (start > bytes.length) {
    throw failure(`the header ends at byte ${start}, but the file has ${bytes.length} bytes`);
  }
  const text = new TextDecoder(version.encoding).decode(bytes.subarray(first, start));
  return { ...parseHeader(text), start };
}

function parseHeader(text: string): Omit<Header, "start"> {
  const shown = text.trim().slice(0, 200);
  const header = parsePythonLiteral(text);
  if (!(header instanceof Map)) {
    throw failure(`the header is not a dictionary of plain values: ${shown}`);
  }
  const [descr, fortran, shape] = ["descr", "fortran_order", "shape"].map((key) => {
    if (header.has(key)) return header.get(key);
    throw failure(`the header has no ${key}: ${shown}`);
  });
  if (typeof fortran !== "boolean") {
    throw failure(`fortran_order is neither True nor False: ${shown}`);
  }
  const dims = shape instanceof PythonTuple ? shape.items : undefined;
  if (!isShape(dims)) throw failure(`the shape is not a tuple of sizes: ${shown}`);
  return { descr, fortran, dims };
}

/**
 * Encodes a tensor as an npy file (format 1.0, C order).
 *
 * @throws {TypeError} If the element type is bfloat16, which NumPy does not have.
 */
export function encodeNpy(x: Tensor): Uint8Array {
  const shape = x.dims.length === 1 ? `${x.dims[0]},` : x.dims.join(", ");
  const descr = descriptorOf(x.dtype);
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;
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

function descriptorOf(dtype: DType): string {
  if (dtype === "bfloat16") {
    throw new TypeError("Cannot encode npy: NumPy has no bfloat16, cast the tensor to float32");
  }
  const code = numpyTypes[dtype];
  return `${code.endsWith("1") ? "|" : "<"}${code}`;
}
