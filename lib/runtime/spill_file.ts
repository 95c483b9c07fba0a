/** Moves the large inline weights of a model into a file. @module */
import { join } from "@std/path";
import { weightsOf } from "../onnx/ir/map_weights.ts";
import type { Model, Weight } from "../onnx/ir/model.ts";

/** Largest sum of inline weights that is kept in the protobuf, whose limit is 2 GiB. */
const inlineLimit = 1 << 30;

/** Weights smaller than this stay inline when large ones move out. */
const inlineKept = 1024;

/** Whether a model's inline weights are small enough for one protobuf, or for less. */
export function fitsProtobuf(model: Model, limit: number = inlineLimit): boolean {
  const sizes = weightsOf(model).map(({ data }) => data.kind === "inline" ? data.bytes.length : 0);
  return sizes.reduce((sum, size) => sum + size, 0) <= limit;
}

/** Moves the large inline initializers of a model to a file beside it. */
export function spillWeights(model: Model, directory: string, location: string): Model {
  using spill = new SpillFile(directory, location);
  const initializers = new Map(
    [...model.graph.initializers].map(([name, weight]) => [name, spill.add(weight)]),
  );
  return { ...model, graph: { ...model.graph, initializers } };
}

/** One file for many weights; it is created with the first of them. */
class SpillFile implements Disposable {
  readonly #directory: string;
  readonly #location: string;
  #file: Deno.FsFile | undefined;
  #offset = 0;

  constructor(directory: string, location: string) {
    this.#directory = directory;
    this.#location = location;
  }

  /** Moves a weight out and returns its reference; small and external ones are returned unchanged. */
  add(weight: Weight): Weight {
    if (weight.data.kind !== "inline" || weight.data.bytes.length < inlineKept) return weight;
    this.#file ??= Deno.openSync(join(this.#directory, this.#location), {
      write: true,
      create: true,
      truncate: true,
    });
    const bytes = weight.data.bytes;
    const offset = Math.ceil(this.#offset / 64) * 64;
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) done += this.#file.writeSync(bytes.subarray(done));
    this.#offset = offset + bytes.length;
    const data = {
      kind: "external",
      directory: this.#directory,
      location: this.#location,
      offset,
      length: bytes.length,
    } as const;
    return { ...weight, data };
  }

  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = undefined;
  }
}
