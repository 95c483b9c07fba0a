/** Writes files as `torch.save` does. @module */
import { tensorBytes } from "./bytes.ts";
import { sizeOf, type Tensor } from "./tensor.ts";
import { storageTypes } from "./torch_storage.ts";
import { encodeZip } from "./zip.ts";

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
  const storage = Object.keys(storageTypes).find((name) => storageTypes[name]!.dtype === dtype);
  if (storage === undefined) {
    throw new TypeError(`Cannot write checkpoint: PyTorch has no storage class of ${dtype}`);
  }
  pickle.global("torch._utils", "_rebuild_tensor_v2");
  pickle.bytes(0x28, 0x28);
  pickle.text("storage");
  pickle.global("torch", storage.slice("torch.".length));
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
