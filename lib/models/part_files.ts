/** Lists the ONNX files of a model's folder by part, kind of weights, and size. @module */
import { dirname, join } from "@std/path";
import { weightsOf } from "../onnx/ir/map_weights.ts";
import { weightSize } from "../onnx/ir/weight.ts";
import { readModelFile } from "../runtime/read_model.ts";
import { weightFilesOf } from "../runtime/weight_files.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { weightSuffixes, type WeightType } from "./weight_types.ts";

/** A graph of a model, in one type of weights. */
export interface PartFile {
  /** `vision_encoder`, `decoder_model_merged`, … */
  readonly part: string;
  readonly weights: WeightType;
  /** From the model's folder. */
  readonly file: string;
}

/** What a graph takes. */
export interface PartSize {
  readonly parameters: number;
  /** Bytes of its weights, which are in memory when it runs. */
  readonly weightBytes: number;
  /** Bytes of its files. */
  readonly fileBytes: number;
}

const endings = Object.entries(weightSuffixes)
  .toSorted(([, a], [, b]) => b.length - a.length) as [WeightType, string][];

/** The graphs in `onnx/`, by part and then as the types of weights are listed. */
export async function partFiles(path: string): Promise<readonly PartFile[]> {
  const order = Object.keys(weightSuffixes);
  const names = (await namesIn(join(path, "onnx"))).filter((name) => name.endsWith(".onnx"));
  return names.map((name): PartFile => {
    const stem = name.slice(0, -".onnx".length);
    const [weights, suffix] = endings.find(([, ending]) => stem.endsWith(ending))!;
    return { part: stem.slice(0, stem.length - suffix.length), weights, file: `onnx/${name}` };
  }).sort((a, b) =>
    a.part === b.part
      ? order.indexOf(a.weights) - order.indexOf(b.weights)
      : a.part < b.part
      ? -1
      : 1
  );
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/**
 * Reads how large a graph is.
 *
 * @throws {DiagnosticError} If it cannot be read.
 */
export async function partSize(path: string, { file }: PartFile): Promise<PartSize> {
  const whole = join(path, file);
  const model = await readModelFile(whole);
  const weights = [...weightsOf(model)];
  const others = [...weightFilesOf(model).values()].map(({ directory, location }) =>
    join(directory || dirname(whole), location)
  );
  const sizes = await Promise.all(
    [...new Set([whole, ...others])].map(async (name) => (await Deno.stat(name)).size),
  );
  return {
    parameters: weights.reduce((sum, { dims }) => sum + sizeOf(dims), 0),
    weightBytes: weights.reduce((sum, weight) => sum + weightSize(weight), 0),
    fileBytes: sizes.reduce((sum, size) => sum + size, 0),
  };
}

/** Bytes of all files below a folder; links count as what they lead to. */
export async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await namesIn(folder)) {
    const place = join(folder, name);
    const stat = await Deno.stat(place).catch(() => undefined);
    bytes += stat?.isDirectory ? await folderBytes(place) : stat?.size ?? 0;
  }
  return bytes;
}
