/**
 * ONNX Runtime reads external weights from the model's own folder only. A model whose weights lie
 * elsewhere, or are too large for one protobuf, is laid out in a folder of its own: hard links to
 * the weight files, a copy where the file system is another one.
 *
 * @module
 */
import { join } from "@std/path";
import type { Graph, Model, Weight } from "../onnx/model.ts";

/** Largest sum of inline weights that is kept in the protobuf, whose limit is 2 GiB. */
const inlineLimit = 1 << 30;

/** Weights smaller than this stay inline when large ones move out. */
const inlineKept = 1024;

/** A model laid out on disk. */
export interface SessionFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** Where to put the folder and how to tell of copies. */
export interface FolderOptions {
  /** Parent of the session folder; default: the system's folder for temporary files. */
  readonly parent?: string;
  /** Called with a line where a weight file had to be copied. */
  readonly log?: (line: string) => void;
}

/** Whether a model can be handed over as one buffer. */
export function fitsBuffer(model: Model): boolean {
  let inline = 0;
  for (const weight of model.graph.initializers.values()) {
    if (weight.data.kind === "external") return false;
    inline += weight.data.bytes.length;
  }
  return inline <= inlineLimit;
}

/**
 * Writes `model.onnx` and links or copies its weight files into a new folder.
 *
 * @param encode Turns the model into protobuf bytes.
 */
export async function materialiseModel(
  model: Model,
  encode: (model: Model) => Uint8Array,
  options: FolderOptions = {},
): Promise<SessionFolder> {
  const parent = options.parent;
  if (parent !== undefined) await Deno.mkdir(parent, { recursive: true });
  const folder = await Deno.makeTempDir({
    prefix: "session-",
    ...(parent === undefined ? {} : { dir: parent }),
  });
  const remove = () => Deno.remove(folder, { recursive: true }).catch(() => {});
  try {
    const moved = await moveWeights(model, folder, options);
    const path = join(folder, "model.onnx");
    await Deno.writeFile(path, encode(moved));
    return { path, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function moveWeights(model: Model, folder: string, options: FolderOptions): Promise<Model> {
  const links = new Map<string, string>();
  const spill = new SpillFile(folder);
  const initializers = new Map<string, Weight>();
  for (const [name, weight] of model.graph.initializers) {
    initializers.set(name, await moveWeight(weight, { folder, links, spill, options }));
  }
  spill.close();
  const graph: Graph = { ...model.graph, initializers };
  return { ...model, graph };
}

interface Move {
  readonly folder: string;
  readonly links: Map<string, string>;
  readonly spill: SpillFile;
  readonly options: FolderOptions;
}

async function moveWeight(weight: Weight, move: Move): Promise<Weight> {
  if (weight.data.kind === "inline") return move.spill.add(weight);
  const source = join(weight.data.directory, weight.data.location);
  let location = move.links.get(source);
  if (location === undefined) {
    location = `weights_${move.links.size}.data`;
    move.links.set(source, location);
    await linkOrCopy(source, join(move.folder, location), move.options);
  }
  return { ...weight, data: { ...weight.data, directory: move.folder, location } };
}

async function linkOrCopy(from: string, to: string, options: FolderOptions): Promise<void> {
  const real = await Deno.realPath(from);
  try {
    await Deno.link(real, to);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw error;
    options.log?.(`Copying weights "${from}": a hard link was not possible here`);
    await Deno.copyFile(real, to);
  }
}

/** One file that takes the large inline weights of a model. */
class SpillFile {
  readonly #directory: string;
  #file: Deno.FsFile | undefined;
  #offset = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Moves a weight out and returns its reference; small ones are returned unchanged. */
  add(weight: Weight): Weight {
    if (weight.data.kind !== "inline" || weight.data.bytes.length < inlineKept) return weight;
    const location = "inline.data";
    this.#file ??= Deno.openSync(join(this.#directory, location), {
      write: true,
      createNew: true,
    });
    const bytes = weight.data.bytes;
    const offset = Math.ceil(this.#offset / 64) * 64;
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    for (let done = 0; done < bytes.length;) done += this.#file.writeSync(bytes.subarray(done));
    this.#offset = offset + bytes.length;
    const data = {
      kind: "external",
      directory: this.#directory,
      location,
      offset,
      length: bytes.length,
    } as const;
    return { ...weight, data };
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}
