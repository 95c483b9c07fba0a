/**
 * Puts weight files beside a model: as links where the file system allows it, else as copies.
 *
 * @module
 */
import { dirname, join } from "@std/path";
import { mapWeights, weightsOf } from "../onnx/ir/map_weights.ts";
import type { Model, Weight, WeightData } from "../onnx/ir/model.ts";
import type { ReadRange } from "../onnx/ir/weight.ts";
import { weightPath, type WeightPlace } from "./weight_path.ts";

/** Called with a line where a weight file had to be copied. */
export type Log = (line: string) => void;

/** Reads weights that lie in files. @throws {DiagnosticError} If they cannot lie where they are said to. */
export const readRange: ReadRange = (data) => {
  using file = Deno.openSync(weightPath({ ...data, size: data.offset + data.length }));
  return rangeOf(file, data);
};

function rangeOf(file: Deno.FsFile, data: External): Uint8Array {
  file.seekSync(data.offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(data.length);
  for (let done = 0; done < bytes.length;) {
    const count = file.readSync(bytes.subarray(done));
    if (count === null) {
      throw new RangeError(`Cannot read "${fileKey(data)}": it became shorter while it was read`);
    }
    done += count;
  }
  return bytes;
}

/** Bytes of weights that are read with the graph: shapes and axes, on which the shapes of others depend. */
const smallWeight = 1024;

/**
 * Reads the small weights of a model whose weights all lie in other files, shapes and axes too. Each
 * file is looked up and opened once: there may be thousands of such weights.
 */
export function withSmallWeights(model: Model): Model {
  const places = weightFilesOf(model);
  const read = new Map<WeightData, Uint8Array>();
  for (const [key, ranges] of Map.groupBy(weightsOf(model).flatMap(smallRange), fileKey)) {
    using file = Deno.openSync(weightPath(places.get(key)!));
    for (const data of ranges) read.set(data, rangeOf(file, data));
  }
  return mapWeights(model, (weight) => {
    const bytes = read.get(weight.data);
    return bytes === undefined ? weight : { ...weight, data: { kind: "inline", bytes } };
  });
}

function smallRange({ data }: Weight): External[] {
  return data.kind === "external" && data.length <= smallWeight ? [data] : [];
}

type External = Extract<WeightData, { kind: "external" }>;

/** A file that holds weights of a model: its name relative to the model, the bytes it must have. */
export type WeightFile = Required<WeightPlace>;

/** What two ranges of one file have in common. */
export function fileKey({ directory, location }: WeightPlace): string {
  return join(directory, location);
}

/** The files that hold a model's weights, by their keys; that they are there, {@link weightPath} checks. */
export function weightFilesOf(model: Model): ReadonlyMap<string, WeightFile> {
  const files = new Map<string, WeightFile>();
  mapWeights(model, (weight, tensor) => {
    if (weight.data.kind !== "external") return weight;
    const { directory, location, offset, length } = weight.data;
    const known = files.get(fileKey(weight.data));
    const longest = known !== undefined && known.size >= offset + length;
    if (!longest) {
      files.set(fileKey(weight.data), { directory, location, size: offset + length, tensor });
    }
    return weight;
  });
  return files;
}

/** The model with its weight files under other names. */
export function moveFiles(model: Model, move: (data: External) => External): Model {
  return mapWeights(
    model,
    (weight) => weight.data.kind === "external" ? { ...weight, data: move(weight.data) } : weight,
  );
}

/** Makes a hard link to a real file, or a copy on another file system. */
export async function linkOrCopy(real: string, to: string, log?: Log): Promise<void> {
  await Deno.mkdir(dirname(to), { recursive: true });
  try {
    await Deno.link(real, to);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.AlreadyExists) {
      throw error;
    }
    log?.(`Copying weights "${real}", because a hard link is not possible here`);
    await copyWhole(real, to);
  }
}

/** Copies a file, whose copy appears under its name when it is complete. */
export async function copyWhole(from: string, to: string): Promise<void> {
  await Deno.mkdir(dirname(to), { recursive: true });
  const temporary = `${to}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    await Deno.copyFile(from, temporary);
    await Deno.rename(temporary, to);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
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
