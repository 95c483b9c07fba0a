/** The safetensors format: named tensors and string metadata in one file. @module */
import { tensorBytes, tensorFromBytes } from "./bytes.ts";
import { type DType, dtypes } from "./dtype.ts";
import { isCount, isShape } from "./limits.ts";
import { sizeOf, type Tensor } from "./tensor.ts";
import { boundedJson } from "../trust/bounded_json.ts";

/**
 * The bytes are not a safetensors file; the message says what is wrong and where.
 *
 * @example
 * ```ts
 * import { decodeSafetensors, SafetensorsError } from "@tvp/pipeline/safetensors";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => decodeSafetensors(new Uint8Array(3)), SafetensorsError);
 * ```
 */
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

/** Most bytes of a header, as the format has it. */
const MAX_HEADER_BYTES = 100_000_000;

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

/** What to do with a tensor of an element type that is not known here, such as an 8-bit float. */
export interface DecodeOptions {
  /** Default `refuse`. */
  readonly unknownTypes?: "refuse" | "leave-out";
}

/**
 * Decodes a safetensors file; tensors are views into `bytes` where alignment allows.
 *
 * @throws {SafetensorsError} If the file is truncated, its header is not a JSON object of tensors, they
 * do not cover the data one after the other, or an element type is unknown.
 *
 * @example
 * ```ts
 * import { decodeSafetensors, encodeSafetensors } from "@tvp/pipeline/safetensors";
 * import { assertEquals } from "@std/assert";
 *
 * const delta = { dtype: "float32", dims: [2], data: new Float32Array([1, 2]) } as const;
 * const { tensors, metadata } = decodeSafetensors(encodeSafetensors({ delta }, { kind: "frame" }));
 * assertEquals(tensors, { delta });
 * assertEquals(metadata, { kind: "frame" });
 * ```
 */
export function decodeSafetensors(bytes: Uint8Array, options: DecodeOptions = {}): Safetensors {
  const { header, start } = decodeHeader(bytes, bytes.length);
  const { __metadata__: metadata, ...entries } = header;
  const data = bytes.subarray(start);
  const checked = checkedEntries(entries, data.length);
  const tensors = checked.flatMap(([name, entry]) => {
    const x = decodeEntry(name, entry, { ...options, data });
    return x === undefined ? [] : [[name, x] as const];
  });
  return { tensors: Object.fromEntries(tensors), metadata: metadataOf(metadata) };
}

/** Where a tensor lies in a file. */
export interface TensorPlace {
  /** Element type; of one that is not known here, what the format calls it. */
  readonly dtype: string;
  readonly dims: readonly number[];
  /** First byte in the file, and how many there are. */
  readonly start: number;
  readonly bytes: number;
}

/** Bytes at the beginning of a file that hold its header; the first eight give its length. */
export function safetensorsHeaderBytes(first: Uint8Array, fileBytes: number): number {
  return 8 + headerLength(first, fileBytes);
}

/**
 * Where the tensors of a file lie, so that they need not be read at once.
 *
 * @param head The beginning of the file, with its header.
 * @throws {SafetensorsError} As {@linkcode decodeSafetensors}.
 */
export function safetensorsPlaces(head: Uint8Array, fileBytes: number): Map<string, TensorPlace> {
  const { header: { __metadata__: _, ...entries }, start } = decodeHeader(head, fileBytes);
  const checked = checkedEntries(entries, fileBytes - start);
  return new Map(checked.map(([name, { dtype, shape, data_offsets: [from, to] }]) => [
    name,
    { dtype: byCode.get(dtype) ?? dtype, dims: shape, start: start + from, bytes: to - from },
  ]));
}

function checkedEntries(entries: Readonly<Record<string, unknown>>, bytes: number) {
  const checked = Object.entries(entries).map(([name, value]) =>
    [name, entryOf(name, value)] as const
  );
  checkCover(checked, bytes);
  for (const [name, entry] of checked) checkRange(name, entry, bytes);
  return checked;
}

/** The range of a tensor has as many bytes as its shape needs, where its type is known. */
function checkRange(
  name: string,
  { dtype: code, shape, data_offsets: [start, end] }: Entry,
  bytes: number,
): void {
  const dtype = byCode.get(code);
  if (dtype === undefined) return;
  const size = sizeOf(shape) * dtypes[dtype].bytes;
  if (end - start === size) return;
  throw failure(
    `tensor "${name}" (${dtype} [${shape}]) needs ${size} bytes, its range is ${start} to ${end} of ${bytes}`,
  );
}

const failure = (cause: string) => new SafetensorsError(`Cannot decode safetensors: ${cause}`);

function decodeHeader(
  bytes: Uint8Array,
  fileBytes: number,
): { header: Record<string, unknown>; start: number } {
  const start = 8 + headerLength(bytes, fileBytes);
  return { header: parseHeader(bytes.subarray(8, start)), start };
}

function headerLength(bytes: Uint8Array, fileBytes: number): number {
  if (fileBytes < 8) {
    throw failure(`a file has at least 8 bytes, this one has ${fileBytes}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > fileBytes - 8) {
    throw failure(
      `the header should have ${length} bytes, but the file has ${fileBytes - 8} after byte 8`,
    );
  }
  if (length > MAX_HEADER_BYTES) {
    throw failure(`the header has ${length} bytes, at most ${MAX_HEADER_BYTES} can be read`);
  }
  return length;
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = boundedJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new SafetensorsError(`Cannot decode safetensors: the header is not JSON: ${detail}`, {
      cause,
    });
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) {
    throw failure("the header is not a JSON object");
  }
  return header as Record<string, unknown>;
}

function metadataOf(metadata: unknown = {}): Record<string, string> {
  const isMap = typeof metadata === "object" && metadata !== null && !Array.isArray(metadata);
  if (isMap && Object.values(metadata).every((value) => typeof value === "string")) {
    return metadata as Record<string, string>;
  }
  throw failure("__metadata__ is not a map of texts");
}

function entryOf(name: string, value: unknown): Entry {
  const entry = value as Partial<Entry> | null;
  const offsets = entry?.data_offsets;
  const fits = typeof entry?.dtype === "string" && isShape(entry.shape) && Array.isArray(offsets) &&
    offsets.length === 2 && offsets.every(isCount);
  if (fits) return entry as Entry;
  throw failure(
    `tensor "${name}" needs dtype, shape and data_offsets, the header has ${
      JSON.stringify(value).slice(0, 200)
    }`,
  );
}

/** Tensors lie one after the other and end with the file: nothing is there twice, or beside them. */
function checkCover(entries: readonly (readonly [string, Entry])[], bytes: number): void {
  const sorted = entries.toSorted(([, a], [, b]) =>
    a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1]
  );
  let at = 0;
  for (const [name, { data_offsets: [start, end] }] of sorted) {
    if (end > bytes) {
      throw failure(
        `tensor "${name}" ends at byte ${end}, but the data end at ${bytes}: the file is cut off`,
      );
    }
    if (start !== at || end < start) {
      throw failure(`tensor "${name}" lies at bytes ${start} to ${end}, but should begin at ${at}`);
    }
    at = end;
  }
  if (at !== bytes) throw failure(`the tensors end at byte ${at}, but the data end at ${bytes}`);
}

function decodeEntry(
  name: string,
  { dtype: code, shape, data_offsets: [start, end] }: Entry,
  { data, unknownTypes }: DecodeOptions & { readonly data: Uint8Array },
): Tensor | undefined {
  const dtype = byCode.get(code);
  if (dtype === undefined) {
    if (unknownTypes === "leave-out") return undefined;
    throw failure(
      `tensor "${name}" has element type "${code}", known types are ${
        Object.values(codes).join(", ")
      }`,
    );
  }
  return tensorFromBytes(dtype, shape, data.subarray(start, end));
}

/**
 * Encodes tensors as a safetensors file. The bytes depend on names, values and metadata alone, not on
 * the order of keys; tensors are laid out by falling alignment, then by name.
 *
 * @example
 * ```ts
 * import { encodeSafetensors } from "@tvp/pipeline/safetensors";
 *
 * const delta = { dtype: "float32", dims: [2], data: new Float32Array([1, 2]) } as const;
 * const path = await Deno.makeTempFile({ suffix: ".safetensors" });
 * await Deno.writeFile(path, encodeSafetensors({ delta }));
 * await Deno.remove(path);
 * ```
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
  const header: Record<string, unknown> = Object.create(null); // a tensor may be called __proto__
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
