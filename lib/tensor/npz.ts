/** The npz format of NumPy: a zip archive of one npy file per array, compressed or not. @module */
import { decodeNpy, encodeNpy, holdsNumbers, NpyError } from "./npy.ts";
import type { Tensor } from "./tensor.ts";
import { decodeZip } from "./unzip.ts";
import { encodeZip } from "./zip.ts";

/** Encodes arrays by name, as `numpy.savez` does. */
export function encodeNpz(tensors: Readonly<Record<string, Tensor>>): Uint8Array<ArrayBuffer> {
  const files = Object.entries(tensors).map(([key, x]) => [`${key}.npy`, encodeNpy(x)] as const);
  return encodeZip(Object.fromEntries(files));
}

/**
 * Decodes what `numpy.savez` or `savez_compressed` wrote. Arrays of text, objects or structures are
 * left out, unread.
 *
 * @throws {SyntaxError} If the archive or an array in it is damaged.
 */
export function decodeNpz(bytes: Uint8Array): Record<string, Tensor> {
  const arrays = [...decodeZip(bytes)].filter(([name]) => name.endsWith(".npy"));
  return Object.fromEntries(
    arrays.flatMap(([file, content]) => {
      const x = decodeMember(file, content);
      return x === undefined ? [] : [[file.slice(0, -".npy".length), x]];
    }),
  );
}

function decodeMember(file: string, content: Uint8Array): Tensor | undefined {
  try {
    return holdsNumbers(content) ? decodeNpy(content) : undefined;
  } catch (cause) {
    if (!(cause instanceof NpyError)) throw cause;
    throw new NpyError(`${cause.message} ("${file}" of the archive)`, { cause });
  }
}
