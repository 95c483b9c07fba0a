/** Weight files beside a model: linked where the file system allows, copied where not. @module */
import { dirname, join } from "@std/path";
import { weightsOf } from "../onnx/map_weights.ts";
import type { Model } from "../onnx/model.ts";
import type { ReadRange } from "../onnx/weight.ts";

/** Called with a line where a weight file had to be copied. */
export type Log = (line: string) => void;

/** Path of the file that holds a range. */
export function weightPath(data: { readonly directory: string; readonly location: string }) {
  return join(data.directory, data.location);
}

/** Reads weights that lie in files. */
export const readRange: ReadRange = (data) => {
  using file = Deno.openSync(weightPath(data));
  file.seekSync(data.offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(data.length);
  for (let done = 0; done < bytes.length;) {
    const count = file.readSync(bytes.subarray(done));
    if (count === null) {
      throw new RangeError(`Cannot read "${weightPath(data)}"`);
    }
    done += count;
  }
  return bytes;
};

/** A file that holds weights of a model. */
export interface WeightFile {
  /** Name relative to the model it belongs to. */
  readonly location: string;
  /** Bytes it must have at least. */
  readonly size: number;
}

/** The files that hold a model's weights, by their paths. */
export function weightFilesOf(model: Model): ReadonlyMap<string, WeightFile> {
  const files = new Map<string, WeightFile>();
  for (const { data } of weightsOf(model)) {
    if (data.kind === "inline") continue;
    const path = weightPath(data);
    const size = Math.max(files.get(path)?.size ?? 0, data.offset + data.length);
    files.set(path, { location: data.location, size });
  }
  return files;
}

/** Makes a hard link, or a copy on another file system. @returns Which. */
export async function linkOrCopy(
  from: string,
  to: string,
  log?: Log,
): Promise<"linked" | "copied"> {
  const real = await Deno.realPath(from);
  await Deno.mkdir(dirname(to), { recursive: true });
  try {
    await Deno.link(real, to);
    return "linked";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.AlreadyExists) {
      throw error;
    }
    log?.(`Copying weights "${from}": a hard link was not possible here`);
    await Deno.copyFile(real, to);
    return "copied";
  }
}

const chunk = 1 << 20;

/** Whether two files are one, or hold the same bytes. */
export async function sameBytes(a: string, b: string): Promise<boolean> {
  const [first, second] = [await Deno.stat(a), await Deno.stat(b)];
  if (first.dev === second.dev && first.ino === second.ino) return true;
  if (first.size !== second.size) return false;
  using left = await Deno.open(a);
  using right = await Deno.open(b);
  for (let done = 0; done < first.size; done += chunk) {
    const size = Math.min(chunk, first.size - done);
    const [x, y] = [await readFully(left, size), await readFully(right, size)];
    if (x.some((byte, i) => byte !== y[i])) return false;
  }
  return true;
}

async function readFully(file: Deno.FsFile, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  for (let done = 0; done < size;) {
    const count = await file.read(bytes.subarray(done));
    if (count === null) return bytes.subarray(0, done);
    done += count;
  }
  return bytes;
}
