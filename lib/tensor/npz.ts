/** The npz format of numpy: a zip archive, not compressed, of one npy file per array. @module */
import { decodeNpy, encodeNpy } from "./npy.ts";
import type { Tensor } from "./tensor.ts";
import { decodeZip, encodeZip } from "./zip.ts";

/** Encodes arrays by name, as `numpy.savez` does. */
export function encodeNpz(tensors: Readonly<Record<string, Tensor>>): Uint8Array<ArrayBuffer> {
  const files = Object.entries(tensors).map(([key, x]) => [`${key}.npy`, encodeNpy(x)] as const);
  return encodeZip(Object.fromEntries(files));
}

/**
 * Decodes what `numpy.savez` wrote.
 *
 * @throws {SyntaxError} If the archive is damaged or compressed (`savez_compressed`), or an array
 * cannot be read.
 */
export function decodeNpz(bytes: Uint8Array): Record<string, Tensor> {
  const files = [...decodeZip(bytes)];
  return Object.fromEntries(
    files.map(([name, file]) => [name.replace(/\.npy$/, ""), decodeNpy(file)]),
  );
}
