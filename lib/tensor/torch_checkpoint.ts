/**
 * Tensors of a file that `torch.save` wrote: the zip format of PyTorch 1.6 and later, and the one
 * before it. Pickles are read as data, so a file cannot run anything.
 *
 * @module
 */
import { tensorBytes, tensorFromBytes } from "./bytes.ts";
import { type DType, dtypes } from "./dtype.ts";
import { type PickleHost, readPickle } from "./pickle.ts";
import { sizeOf, type Tensor, zeros } from "./tensor.ts";
import { decodeZip, encodeZip, isZip } from "./zip.ts";

/** The bytes are no checkpoint of plain tensors; the message says why. */
export class TorchCheckpointError extends SyntaxError {
  override readonly name = "TorchCheckpointError";
}

/** Element types by the name of their storage class. */
const storageTypes: Readonly<Record<string, DType>> = {
  FloatStorage: "float32",
  DoubleStorage: "float64",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  LongStorage: "int64",
  IntStorage: "int32",
  ShortStorage: "int16",
  CharStorage: "int8",
  ByteStorage: "uint8",
  BoolStorage: "bool",
};

/** A block of elements that tensors are views of. */
class Storage {
  constructor(
    readonly key: string,
    readonly dtype: DType,
    /** Number of elements. */
    readonly size: number,
  ) {}
}

/** A tensor before its storage is there: the older format has the data behind the pickle. */
class View {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly dims: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);

function rebuildTensor([storage, offset, dims, strides]: readonly unknown[]): View {
  const isShape = isSizes(dims) && isSizes(strides) && dims.length === strides.length;
  if (!(storage instanceof Storage) || !isSizes([offset]) || !isShape) {
    throw new TorchCheckpointError(
      "Cannot read checkpoint: a tensor lacks its storage, sizes or strides",
    );
  }
  return new View(storage, offset as number, dims, strides);
}

/** All that a pickle of tensors, parameters and state dicts names. */
const globals: PickleHost["globals"] = new Map<string, unknown>([
  ["collections OrderedDict", () => new Map()],
  ["torch._utils _rebuild_tensor_v2", rebuildTensor],
  ["torch._utils _rebuild_parameter", ([data]: readonly unknown[]) => data],
  ["torch Size", ([sizes]: readonly unknown[]) => sizes],
  ...Object.entries(storageTypes).map(([name, dtype]) => [`torch ${name}`, dtype] as const),
]);

/** A storage as it is named: `("storage", class, key, device, number of elements)`. */
function storageOf(id: unknown): Storage {
  const [kind, dtype, key, , size] = Array.isArray(id) ? id : [];
  if (kind !== "storage" || !Object.hasOwn(dtypes, String(dtype)) || !isSizes([size])) {
    throw new TorchCheckpointError(
      "Cannot read checkpoint: a tensor's storage is not one of plain elements",
    );
  }
  return new Storage(String(key), dtype as DType, size);
}

const host: PickleHost = { globals, persistent: storageOf };

/** Bytes of a storage. */
type ReadStorage = (storage: Storage) => Uint8Array;

/**
 * Decodes a checkpoint. A tensor in dictionaries is called by its keys, `model.perturbation`; a
 * tensor alone is called "". What is no tensor, such as the number of an epoch, is left out.
 *
 * @throws {TorchCheckpointError} If the file is damaged, big-endian or of an unknown kind.
 * @throws {SyntaxError} Also a `PickleError`, if the pickle names anything but tensors.
 *
 * @example
 * ```ts
 * const bytes = encodeTorchCheckpoint({ x: { dtype: "float32", dims: [1], data: new Float32Array(1) } });
 * decodeTorchCheckpoint(bytes).x; // { dtype: "float32", dims: [1], data: … }
 * ```
 */
export function decodeTorchCheckpoint(bytes: Uint8Array): Record<string, Tensor> {
  const { value, read } = isZip(bytes) ? openZip(bytes) : openLegacy(bytes);
  const tensors: Record<string, Tensor> = Object.create(null);
  collect(value, "", (name, view) => tensors[name] = materialise(view, read));
  return { ...tensors };
}

interface Opened {
  readonly value: unknown;
  readonly read: ReadStorage;
}

function openZip(bytes: Uint8Array): Opened {
  const files = decodeZip(bytes);
  const pickle = [...files].find(([name]) => /^[^/]*\/data\.pkl$/.test(name));
  if (pickle === undefined) {
    const names = [...files.keys()].slice(0, 5).join(", ");
    throw new TorchCheckpointError(
      `Cannot read checkpoint: the archive has no data.pkl, it has ${names || "nothing"}`,
    );
  }
  const folder = pickle[0].slice(0, -"data.pkl".length);
  const order = files.get(`${folder}byteorder`);
  if (order !== undefined && new TextDecoder().decode(order) !== "little") {
    throw bigEndian();
  }
  return {
    value: readPickle(pickle[1], host).value,
    read: ({ key }) => {
      const data = files.get(`${folder}data/${key}`);
      if (data) return data;
      throw new TorchCheckpointError(`Cannot read checkpoint: storage "${key}" is missing`);
    },
  };
}

/** What a file of the older format begins with. */
const legacyMagic = 0x1950a86a20f9469cfc6cn;

/** Pickles of a magic number, version, machine, value and keys; then size and elements of each key. */
function openLegacy(bytes: Uint8Array): Opened {
  const parts: unknown[] = [];
  const sizes = new Map<string, number>();
  const storages = (id: unknown) => {
    const storage = storageOf(id);
    sizes.set(storage.key, storage.size * dtypes[storage.dtype].bytes);
    return storage;
  };
  let at = 0;
  while (parts.length < 5) {
    const { value, end } = readPickle(bytes, { globals, persistent: storages }, at);
    if (parts.length === 0 && value !== legacyMagic) throw notTorch();
    parts.push(value);
    at = end;
  }
  if (parts[2] instanceof Map && parts[2].get("little_endian") === false) throw bigEndian();
  const keys = parts[4];
  if (!Array.isArray(keys) || keys.some((key) => !sizes.has(String(key)))) throw notTorch();
  const places = new Map<string, number>();
  for (const key of keys) {
    places.set(String(key), at + 8);
    at += 8 + sizes.get(String(key))!;
  }
  if (at > bytes.length) {
    throw new TorchCheckpointError(
      `Cannot read checkpoint: ${at} bytes are needed, the file has ${bytes.length}`,
    );
  }
  return {
    value: parts[3],
    read: ({ key }) => {
      const start = places.get(key);
      if (start !== undefined) return bytes.subarray(start, start + sizes.get(key)!);
      throw new TorchCheckpointError(`Cannot read checkpoint: storage "${key}" is missing`);
    },
  };
}

const bigEndian = () =>
  new TorchCheckpointError("Cannot read checkpoint: its byte order is not little endian");

const notTorch = () =>
  new TorchCheckpointError("Cannot read checkpoint: it is no file that torch.save wrote");

/** Walks dictionaries and lists; every container once, as a pickle may hold itself. */
function collect(
  value: unknown,
  name: string,
  found: (name: string, view: View) => void,
  seen: Set<unknown> = new Set(),
): void {
  if (value instanceof View) return found(name, value);
  if (!(value instanceof Map || Array.isArray(value)) || seen.has(value)) return;
  seen.add(value);
  for (const [key, item] of value.entries()) {
    collect(item, name === "" ? String(key) : `${name}.${key}`, found, seen);
  }
}

/** Most elements of a tensor; a view without strides may repeat one element without end. */
const MAX_ELEMENTS = 2 ** 31;

/** The elements of a view in row-major order. */
function materialise({ storage, offset, dims, strides }: View, read: ReadStorage): Tensor {
  const { dtype, size, key } = storage;
  const bytes = read(storage);
  const width = dtypes[dtype].bytes;
  const last = dims.reduce((at, dim, i) => at + (dim - 1) * strides[i]!, offset);
  const count = sizeOf(dims);
  if (count > MAX_ELEMENTS || bytes.length < size * width || (count > 0 && last >= size)) {
    throw new TorchCheckpointError(
      `Cannot read checkpoint: a ${dtype} tensor of shape [${dims}] ends at element ${last} of storage "${key}", which has ${
        Math.floor(bytes.length / width)
      }`,
    );
  }
  if (isContiguous(dims, strides)) {
    const start = offset * width;
    return tensorFromBytes(dtype, dims, bytes.subarray(start, start + count * width));
  }
  const from = tensorFromBytes(dtype, [size], bytes.subarray(0, size * width)).data;
  const out = zeros(dtype, dims);
  for (let i = 0; i < count; i++) out.data[i] = from[elementAt(i, dims, strides) + offset]!;
  return out;
}

function isContiguous(dims: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let i = dims.length - 1; i >= 0; i--) {
    if (dims[i] !== 1 && strides[i] !== expected) return false;
    expected *= dims[i]!;
  }
  return true;
}

function elementAt(index: number, dims: readonly number[], strides: readonly number[]): number {
  let at = 0;
  for (let i = dims.length - 1; i >= 0; i--) {
    at += index % dims[i]! * strides[i]!;
    index = Math.floor(index / dims[i]!);
  }
  return at;
}

/**
 * Encodes tensors as `torch.save` writes a dictionary of them; `torch.load(…, weights_only=True)`
 * reads it. Equal tensors give equal bytes.
 *
 * @throws {TypeError} If PyTorch has no storage class of an element type.
 */
export function encodeTorchCheckpoint(tensors: Readonly<Record<string, Tensor>>): Uint8Array {
  const entries = Object.entries(tensors);
  const pickle = new PickleWriter();
  pickle.bytes(0x80, 2, 0x7d, 0x28);
  entries.forEach(([name, x], i) => {
    pickle.text(name);
    writeTensor(pickle, x, String(i));
  });
  pickle.bytes(0x75, 0x2e);
  return encodeZip({
    "archive/data.pkl": pickle.finish(),
    "archive/byteorder": new TextEncoder().encode("little"),
    ...Object.fromEntries(entries.map(([, x], i) => [`archive/data/${i}`, tensorBytes(x)])),
    "archive/version": new TextEncoder().encode("3\n"),
  }, { alignment: 64 });
}

/** `_rebuild_tensor_v2(storage, 0, dims, strides, False, OrderedDict())` */
function writeTensor(pickle: PickleWriter, { dtype, dims, data }: Tensor, key: string): void {
  const storage = Object.keys(storageTypes).find((name) => storageTypes[name] === dtype);
  if (storage === undefined) {
    throw new TypeError(`Cannot write checkpoint: PyTorch has no storage class of ${dtype}`);
  }
  pickle.global("torch._utils", "_rebuild_tensor_v2");
  pickle.bytes(0x28, 0x28);
  pickle.text("storage");
  pickle.global("torch", storage);
  pickle.text(key);
  pickle.text("cpu");
  pickle.integer(data.length);
  pickle.bytes(0x74, 0x51);
  pickle.integer(0);
  pickle.integers(dims);
  pickle.integers(dims.map((_, i) => sizeOf(dims.slice(i + 1))));
  pickle.bytes(0x89);
  pickle.global("collections", "OrderedDict");
  pickle.bytes(0x29, 0x52, 0x74, 0x52);
}

/** Writes opcodes of protocol 2. */
class PickleWriter {
  #bytes: number[] = [];

  bytes(...bytes: readonly number[]): void {
    for (const byte of bytes) this.#bytes.push(byte);
  }

  /** BINUNICODE */
  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.bytes(0x58, ...int32(bytes.length), ...bytes);
  }

  /** BININT */
  integer(value: number): void {
    this.bytes(0x4a, ...int32(value));
  }

  /** A tuple: MARK … TUPLE */
  integers(values: readonly number[]): void {
    this.bytes(0x28);
    for (const value of values) this.integer(value);
    this.bytes(0x74);
  }

  /** GLOBAL */
  global(module: string, name: string): void {
    this.bytes(0x63, ...new TextEncoder().encode(`${module}\n${name}\n`));
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

const int32 = (value: number) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
