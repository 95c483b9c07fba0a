/** MATLAB's files of version 7.3, which are HDF5. @module */
import { dataFailure } from "../data_failure.ts";
import { readRange } from "../data_root.ts";
import type { Hdf5Answer, Hdf5Request } from "./hdf5_worker.ts";

/** An array whose last axis runs fastest: MATLAB's axes in reverse order. */
export interface Hdf5Array {
  readonly dims: readonly number[];
  readonly data: Uint8Array | Float64Array;
}

/** Most bytes of a file, numbers of an array, and seconds that reading may take. */
const maxBytes = 512 * 2 ** 20;
const maxNumbers = 2 ** 27;
const seconds = 60;

/** Bytes that MATLAB puts in front. */
const userBlock = 512;

const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Where HDF5 begins in a file, if it does. */
export function hdf5Start(path: string): number | undefined {
  const { size } = Deno.statSync(path);
  return [0, userBlock].find((start) => {
    if (size < start + signature.length) return false;
    const bytes = readRange(path, start, signature.length);
    return signature.every((byte, i) => bytes[i] === byte);
  });
}

/** Reads arrays by name; those that are not there are left out. @throws {DiagnosticError} If it is damaged. */
export async function readHdf5(
  path: string,
  names: readonly string[],
): Promise<Readonly<Record<string, Hdf5Array>>> {
  const what = JSON.stringify(path);
  const start = hdf5Start(path) ?? 0;
  const { size } = Deno.statSync(path);
  if (size > maxBytes) {
    throw dataFailure(
      what,
      `it has ${size} bytes, at most ${maxBytes} can be read in version 7.3`,
      [
        "save it with -v7, which has no such limit",
      ],
    );
  }
  const bytes = readRange(path, start, size - start).buffer;
  const { arrays, mistake } = await inThread({ bytes, names, most: maxNumbers }, what);
  if (arrays === undefined) throw dataFailure(what, mistake ?? "it is not an HDF5 file");
  return arrays;
}

async function inThread(request: Hdf5Request, what: string): Promise<Hdf5Answer> {
  const worker = new Worker(new URL("./hdf5_worker.ts", import.meta.url), { type: "module" });
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    return await new Promise<Hdf5Answer>((answer, fail) => {
      timer = setTimeout(
        () => fail(dataFailure(what, `reading it takes longer than ${seconds} s`)),
        1000 * seconds,
      );
      worker.onmessage = ({ data }) => answer(data);
      worker.onerror = (event) => {
        event.preventDefault();
        answer({ mistake: "its HDF5 data are damaged or not supported" });
      };
      worker.postMessage(request, [request.bytes]);
    });
  } finally {
    clearTimeout(timer);
    worker.terminate();
  }
}
