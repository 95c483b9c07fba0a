/**
 * PyTorch's tensors in a pickle. They are views of storages, which lie beside the pickle.
 *
 * @module
 */
import { plainBytes, tensorFromBytes } from "./bytes.ts";
import { type DType, dtypes } from "./dtype.ts";
import { type ByteBudget, isCount, isShape } from "./limits.ts";
import type { PickleCall } from "./pickle.ts";
import { PickleObject } from "./pickle_object.ts";
import { sizeOf, type Tensor, zeros } from "./tensor.ts";

/** The bytes are not a checkpoint of plain tensors; the message says why. */
export class TorchCheckpointError extends SyntaxError {
  override readonly name = "TorchCheckpointError";
}

/** A failure to read a checkpoint. */
export const checkpointFailure = (cause: string): TorchCheckpointError =>
  new TorchCheckpointError(`Cannot read checkpoint: ${cause}`);

interface StorageType {
  /** Bytes of an element. */
  readonly bytes: number;
  /** Absent if our tensors have no such elements: those of the file are left out. */
  readonly dtype?: DType;
}

const elements = (dtype: DType): StorageType => ({ bytes: dtypes[dtype].bytes, dtype });

/** Storages by the name of their class. */
export const storageTypes: Readonly<Record<string, StorageType>> = {
  "torch.FloatStorage": elements("float32"),
  "torch.DoubleStorage": elements("float64"),
  "torch.HalfStorage": elements("float16"),
  "torch.BFloat16Storage": elements("bfloat16"),
  "torch.LongStorage": elements("int64"),
  "torch.IntStorage": elements("int32"),
  "torch.ShortStorage": elements("int16"),
  "torch.CharStorage": elements("int8"),
  "torch.ByteStorage": elements("uint8"),
  "torch.BoolStorage": elements("bool"),
  "torch.ComplexFloatStorage": { bytes: 8 },
  "torch.ComplexDoubleStorage": { bytes: 16 },
  "torch.QInt8Storage": { bytes: 1 },
  "torch.QUInt8Storage": { bytes: 1 },
  "torch.QInt32Storage": { bytes: 4 },
  "torch.QUInt4x2Storage": { bytes: 1 },
  "torch.QUInt2x4Storage": { bytes: 1 },
  "torch.storage.UntypedStorage": { bytes: 1 },
};

/** A block of elements that tensors are views of. */
export class Storage {
  constructor(
    readonly key: string,
    readonly type: StorageType,
    /** Number of elements. */
    readonly size: number,
  ) {}
}

/** A tensor before its storage is there: the older format has the data behind the pickle. */
export class View {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly dims: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

const rebuildTensor: PickleCall = ([storage, offset, dims, strides]) => {
  const fits = isShape(dims) && Array.isArray(strides) && strides.length === dims.length &&
    strides.every(isCount);
  if (storage instanceof Storage && isCount(offset) && fits) {
    return new View(storage, offset, dims, strides);
  }
  throw checkpointFailure("a tensor lacks its storage, sizes or strides");
};

const first: PickleCall = ([value]) => value;

/** What PyTorch's functions in a pickle give. */
export const torchCalls: ReadonlyMap<string, PickleCall> = new Map([
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_parameter", first],
  ["torch._utils._rebuild_parameter_with_state", first],
  ["torch._utils._rebuild_device_tensor_from_numpy", first],
  ["torch._utils._rebuild_device_tensor_from_cpu_tensor", first],
  [
    "torch._tensor._rebuild_from_type_v2",
    ([call, , args]) =>
      typeof call === "function" && Array.isArray(args) ? (call as PickleCall)(args) : undefined,
  ],
  ["torch.Size", first],
]);

/**
 * What lies beside the pickle: `("storage", class, key, device, number of elements)`, and in old files
 * `("module", class, …)` for the class of a module.
 *
 * @throws {SyntaxError} If the storage holds something else than plain elements.
 */
export function persistentValue(id: unknown): unknown {
  const [kind, type, key, , size] = Array.isArray(id) ? id : [];
  if (kind === "module") return type;
  const known = type instanceof PickleObject ? storageTypes[type.name] : undefined;
  if (kind === "storage" && known && typeof key === "string" && isCount(size)) {
    return new Storage(key, known, size);
  }
  throw checkpointFailure("a tensor's storage is not one of plain elements");
}

/** Gives the bytes of a storage. */
export type ReadStorage = (storage: Storage) => Uint8Array;

/** Storages that begin where elements of any type may, so that their tensors are views. */
export function alignedStorages(read: ReadStorage): ReadStorage {
  const known = new Map<string, Uint8Array>();
  return (storage) => {
    const found = known.get(storage.key);
    if (found !== undefined) return found;
    const bytes = read(storage);
    const aligned = bytes.byteOffset % 8 === 0 ? bytes : plainBytes(bytes).slice();
    known.set(storage.key, aligned);
    return aligned;
  };
}

/**
 * The elements of a view in row-major order; `undefined` if they are of a type that no tensor has.
 *
 * @throws {TorchCheckpointError} If its storage is too short, or it repeats its elements more often
 * than the size of the file allows.
 */
export function materialise(
  { storage, offset, dims, strides }: View,
  read: ReadStorage,
  budget: ByteBudget,
): Tensor | undefined {
  const { type: { dtype, bytes: width }, size, key } = storage;
  if (dtype === undefined) return undefined;
  const bytes = read(storage);
  const last = dims.reduce((at, dim, i) => at + (dim - 1) * strides[i]!, offset);
  const count = sizeOf(dims);
  if (bytes.length < size * width || (count > 0 && last >= size)) {
    throw checkpointFailure(
      `a ${dtype} tensor of shape [${dims}] ends at element ${last} of storage "${key}", which has ${
        Math.floor(bytes.length / width)
      }`,
    );
  }
  if (isContiguous(dims, strides)) {
    const start = count > 0 ? offset * width : 0;
    return tensorFromBytes(dtype, dims, bytes.subarray(start, start + count * width));
  }
  const tooMuch = budget.take(count * width);
  if (tooMuch !== undefined) {
    throw checkpointFailure(
      `a ${dtype} tensor of shape [${dims}] is out of proportion: ${tooMuch}`,
    );
  }
  return gather(tensorFromBytes(dtype, [size], bytes.subarray(0, size * width)), {
    offset,
    dims,
    strides,
  });
}

function isContiguous(dims: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let i = dims.length - 1; i >= 0; i--) {
    if (dims[i] !== 1 && strides[i] !== expected) return false;
    expected *= dims[i]!;
  }
  return true;
}

function gather(
  { dtype, data }: Tensor,
  { offset, dims, strides }: Pick<View, "offset" | "dims" | "strides">,
): Tensor {
  const out = zeros(dtype, dims);
  for (let i = 0; i < out.data.length; i++) {
    out.data[i] = data[elementAt(i, dims, strides) + offset]!;
  }
  return out;
}

function elementAt(index: number, dims: readonly number[], strides: readonly number[]): number {
  let at = 0;
  for (let i = dims.length - 1; i >= 0; i--) {
    at += index % dims[i]! * strides[i]!;
    index = Math.floor(index / dims[i]!);
  }
  return at;
}
