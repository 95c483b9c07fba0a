/** The safetensors format: named tensors and string metadata in one file. @module */
import { tensorBytes, tensorFromBytes } from "./bytes.ts";
import { type DType, dtypes } from "./dtype.ts";
import { sizeOf, type Tensor } from "./tensor.ts";

/** The bytes are no safetensors file; the message says what is wrong and where. */
export class SafetensorsError extends SyntaxError {
  override readonly name = "SafetensorsError";
}

const codes: Readonly<Record<DType, string>> = {
  float32: "F32",
  float64: "F64",
  float16: "F16",
  bfloat16: "BF16",
  int64: "I64",
  int32: "I32",
  int16: "I16",
  int8: "I8",
  uint64: "U64",
  uint32: "U32",
  uint16: "U16",
  uint8: "U8",
  bool: "BOOL",
};

const byCode = new Map(Object.entries(codes).map(([dtype, code]) => [code, dtype as DType]));

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** What a safetensors file holds. */
export interface Safetensors {
  readonly tensors: Record<string, Tensor>;
  readonly metadata: Record<string, string>;
}

/**
 * Decodes a safetensors file; tensors are views into `bytes` where alignment allows.
 *
 * @throws {SafetensorsError} If the file is truncated, its header is no JSON object of tensors, or
 * an element type is unknown.
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  const { header, start } = decodeHeader(bytes);
  const tensors: Record<string, Tensor> = {};
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") Object.assign(metadata, value);
    else tensors[name] = decodeEntry(name, value, bytes.subarray(start));
  }
  return { tensors, metadata };
}

function decodeHeader(bytes: Uint8Array): { header: Record<string, unknown>; start: number } {
  if (bytes.length < 8) {
    throw new SafetensorsError(
      `Cannot decode safetensors: a file has at least 8 bytes, this one has ${bytes.length}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > bytes.length - 8) {
    throw new SafetensorsError(
      `Cannot decode safetensors: the header should have ${length} bytes, the file has ${
        bytes.length - 8
      } after byte 8`,
    );
  }
  return { header: parseHeader(bytes.subarray(8, 8 + length)), start: 8 + length };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new SafetensorsError(`Cannot decode safetensors: the header is no JSON: ${detail}`, {
      cause,
    });
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) {
    throw new SafetensorsError("Cannot decode safetensors: the header is no JSON object");
  }
  return header as Record<string, unknown>;
}

function isEntry(value: unknown): value is Entry {
  const entry = value as Partial<Entry> | null;
  return typeof entry?.dtype === "string" && isSizes(entry.shape) && isSizes(entry.data_offsets) &&
    entry.data_offsets?.length === 2;
}

function isSizes(value: unknown): boolean {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function decodeEntry(name: string, entry: unknown, data: Uint8Array): Tensor {
  if (!isEntry(entry)) {
    throw new SafetensorsError(
      `Cannot decode safetensors: tensor "${name}" needs dtype, shape and data_offsets, the header has ${
        JSON.stringify(entry)
      }`,
    );
  }
  const dtype = byCode.get(entry.dtype);
  if (dtype === undefined) {
    throw new SafetensorsError(
      `Cannot decode safetensors: tensor "${name}" has element type "${entry.dtype}", known are ${
        Object.values(codes).join(", ")
      }`,
    );
  }
  const [start, end] = entry.data_offsets;
  const size = sizeOf(entry.shape) * dtypes[dtype].bytes;
  if (end - start !== size || end > data.length) {
    throw new SafetensorsError(
      `Cannot decode safetensors: tensor "${name}" (${dtype} [${entry.shape}]) needs ${size} bytes, its range is ${start} to ${end} of ${data.length}`,
    );
  }
  return tensorFromBytes(dtype, entry.shape, data.subarray(start, end));
}

/**
 * Encodes tensors as a safetensors file. The bytes depend on names, values and metadata alone, not on
 * the order of keys; tensors are laid out by falling alignment, then by name.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const sorted = Object.entries(tensors).sort(byAlignment);
  const { header, size } = layOut(sorted, metadata);
  const prefix = encodeHeader(header);
  const bytes = new Uint8Array(prefix.length + size);
  bytes.set(prefix);
  let offset = prefix.length;
  for (const [, t] of sorted) {
    bytes.set(tensorBytes(t), offset);
    offset += t.data.byteLength;
  }
  return bytes;
}

function byAlignment([a, x]: [string, Tensor], [b, y]: [string, Tensor]): number {
  return dtypes[y.dtype].bytes - dtypes[x.dtype].bytes || (a < b ? -1 : 1);
}

function layOut(
  sorted: readonly [string, Tensor][],
  metadata: Readonly<Record<string, string>>,
): { header: Record<string, unknown>; size: number } {
  const header: Record<string, unknown> = {};
  const keys = Object.keys(metadata).sort();
  if (keys.length > 0) {
    header["__metadata__"] = Object.fromEntries(keys.map((key) => [key, metadata[key]]));
  }
  let size = 0;
  for (const [name, t] of sorted) {
    const end = size + t.data.byteLength;
    header[name] = { dtype: codes[t.dtype], shape: t.dims, data_offsets: [size, end] };
    size = end;
  }
  return { header, size };
}

/** Length and header, padded with spaces so that the data begin at a multiple of 8 bytes. */
function encodeHeader(header: Readonly<Record<string, unknown>>): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}
