/**
 * Tensors of a file that `torch.save` wrote: the zip format of PyTorch 1.6 and later, the one before
 * it, and a bare pickle of arrays. Pickles are read as data, so a file cannot run anything.
 *
 * @module
 */
import { ByteBudget } from "./limits.ts";
import { type PickleHost, readPickle } from "./pickle.ts";
import { entriesOf, nameInPickle } from "./pickle_object.ts";
import { type PickledArray, pickledArray, pickledBytes, tensorOfPickled } from "./pickled_array.ts";
import type { Tensor } from "./tensor.ts";
import {
  alignedStorages,
  checkpointFailure,
  materialise,
  persistentValue,
  type ReadStorage,
  Storage,
  torchCalls,
  View,
} from "./torch_storage.ts";
import { decodeZip, isZip } from "./unzip.ts";

export { TorchCheckpointError } from "./torch_storage.ts";

/** What a checkpoint holds. */
export interface TorchCheckpoint {
  readonly tensors: Record<string, Tensor>;
  /** Texts that lie in the outermost dictionary, such as the name of a model. */
  readonly texts: Record<string, string>;
}

/**
 * Decodes a checkpoint. A tensor in dictionaries, lists and modules is called by its keys,
 * `model.perturbation`; a tensor alone is called "". NumPy's arrays count as tensors. Whatever else
 * lies beside them, such as the number of an epoch or settings, is left out.
 *
 * @throws {SyntaxError} If the file is damaged, big-endian, of an unknown kind, asks to run something,
 * or asks for more than its size allows.
 *
 * @example
 * ```ts
 * import { encodeTorchCheckpoint } from "./encode_torch_checkpoint.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const x = { dtype: "float32", dims: [1], data: new Float32Array(1) } as const;
 * assertEquals(readTorchCheckpoint(encodeTorchCheckpoint({ x })).tensors.x, x);
 * ```
 */
export function readTorchCheckpoint(bytes: Uint8Array): TorchCheckpoint {
  const opened = isZip(bytes) ? openZip(bytes) : openLegacy(bytes);
  const read = alignedStorages(opened.read);
  const budget = new ByteBudget(bytes.length);
  const tensors = new Map<string, Tensor>();
  for (const [name, leaf] of leavesOf(opened.value)) {
    const x = leaf instanceof View ? materialise(leaf, read, budget) : unpickle(leaf, budget);
    if (x !== undefined) tensors.set(name, x);
  }
  const texts = [...entriesOf(opened.value, new Set())].filter((entry): entry is [string, string] =>
    entry.every((part) => typeof part === "string")
  );
  return { tensors: Object.fromEntries(tensors), texts: Object.fromEntries(texts) };
}

function unpickle(array: PickledArray, budget: ByteBudget): Tensor {
  const bytes = pickledBytes(array);
  const tooMuch = budget.take(bytes);
  if (tooMuch !== undefined) throw checkpointFailure(`an array of ${bytes} bytes: ${tooMuch}`);
  try {
    return tensorOfPickled(array);
  } catch (error) {
    if (error instanceof RangeError) throw checkpointFailure(error.message);
    throw error;
  }
}

const host: PickleHost = {
  find: (module, name) => torchCalls.get(`${module}.${name}`) ?? nameInPickle(module, name),
  persistent: persistentValue,
};

interface Opened {
  readonly value: unknown;
  readonly read: ReadStorage;
}

function openZip(bytes: Uint8Array): Opened {
  const files = decodeZip(bytes);
  const pickle = [...files].find(([name]) => /^[^/]*\/data\.pkl$/.test(name));
  if (pickle === undefined) {
    const names = [...files.keys()].slice(0, 5).join(", ");
    throw checkpointFailure(`the archive has no data.pkl, it has ${names || "nothing"}`);
  }
  const folder = pickle[0].slice(0, -"data.pkl".length);
  const order = files.get(`${folder}byteorder`);
  if (order !== undefined && new TextDecoder().decode(order) !== "little") throw bigEndian();
  return {
    value: readPickle(pickle[1], host).value,
    read: ({ key }) => files.get(`${folder}data/${key}`) ?? missing(key),
  };
}

function missing(key: string): never {
  throw checkpointFailure(`storage "${key}" is missing`);
}

const bigEndian = () => checkpointFailure("its byte order is not little endian");

const notTorch = () => checkpointFailure("torch.save did not write it");

/** What a file of the older format begins with. */
const legacyMagic = 0x1950a86a20f9469cfc6cn;

/** Pickles of a magic number, version, machine, value and keys; then size and elements of each key. */
function openLegacy(bytes: Uint8Array): Opened {
  const parts: unknown[] = [];
  const sizes = new Map<string, number>();
  const persistent = (id: unknown) => {
    const value = persistentValue(id);
    if (value instanceof Storage) sizes.set(value.key, value.size * value.type.bytes);
    return value;
  };
  let at = 0;
  while (parts.length < 5) {
    const { value, end } = readPickle(bytes, { ...host, persistent }, at);
    if (parts.length === 0 && value !== legacyMagic) return bare(value, end === bytes.length);
    parts.push(value);
    at = end;
  }
  const [, , machine, value, keys] = parts;
  if (machine instanceof Map && machine.get("little_endian") === false) throw bigEndian();
  if (!Array.isArray(keys) || keys.some((key) => !sizes.has(key))) throw notTorch();
  const places = new Map<string, number>();
  for (const key of keys) {
    places.set(key, at + 8);
    at += 8 + sizes.get(key)!;
  }
  if (at > bytes.length) {
    throw checkpointFailure(`${at} bytes are needed, the file has ${bytes.length}`);
  }
  return {
    value,
    read: ({ key }) => {
      const start = places.get(key) ?? missing(key);
      return bytes.subarray(start, start + sizes.get(key)!);
    },
  };
}

/** What `pickle.dump` wrote: it has no storages, but it may have NumPy's arrays. */
function bare(value: unknown, isWhole: boolean): Opened {
  if (!isWhole) throw notTorch();
  return { value, read: ({ key }) => missing(key) };
}

/** Deepest nesting, longest name and largest number of tensors of a checkpoint. */
const limits = { depth: 100, name: 500, tensors: 100_000 };

/** A dictionary, list or object on the way, and what it is called. */
interface Place {
  readonly value: unknown;
  readonly name: string;
  readonly depth: number;
}

/** Tensors and arrays by name; every container once, as a pickle may hold itself. */
function leavesOf(root: unknown): [string, View | PickledArray][] {
  const leaves: [string, View | PickledArray][] = [];
  const seen = new Set<unknown>();
  const walk = ({ value, name, depth }: Place): void => {
    const leaf = value instanceof View ? value : pickledArray(value);
    if (leaf !== undefined) {
      leaves.push([name, leaf]);
      if (leaves.length > limits.tensors) {
        throw checkpointFailure(`it has more than ${limits.tensors} tensors`);
      }
      return;
    }
    if (depth > limits.depth) {
      throw checkpointFailure(`its values are nested deeper than ${limits.depth} levels`);
    }
    for (const [key, item] of entriesOf(value, seen)) {
      const isPlain = typeof item !== "object" || item === null;
      if (!isPlain) walk({ value: item, name: joined(name, key), depth: depth + 1 });
    }
  };
  walk({ value: root, name: "", depth: 0 });
  return leaves;
}

/** Where modules keep what they hold; as in a state dict, it is not a part of a name. */
const insides = new Set<unknown>(["_parameters", "_buffers", "_modules"]);

function joined(name: string, key: unknown): string {
  if (insides.has(key)) return name;
  const own = typeof key === "object" || key === undefined ? "?" : String(key);
  if (name.length + own.length > limits.name) {
    throw checkpointFailure(`a name in it is longer than ${limits.name} characters`);
  }
  return name === "" ? own : `${name}.${own}`;
}
