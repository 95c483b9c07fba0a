/**
 * Lays a model out in a folder of its own, because ONNX Runtime reads external weights from the
 * model's own folder only. Weights that lie elsewhere, or that are too large for one protobuf, become
 * hard links, or copies on another file system. Those of nodes and branches are copied: ONNX Runtime
 * checks nodes as ONNX does, which refuses files that have two names.
 *
 * @module
 */
import { join } from "@std/path";
import { mapWeights, weightsOf } from "../onnx/ir/map_weights.ts";
import type { Model } from "../onnx/ir/model.ts";
import { fitsProtobuf, spillWeights } from "./spill_file.ts";
import {
  copyWhole,
  fileKey,
  linkOrCopy,
  moveFiles,
  weightFilesOf,
  withSmallWeights,
} from "./weight_files.ts";
import { weightPath } from "./weight_path.ts";

/** A model laid out on disk. */
export interface SessionFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** Where to put the folder, and how to report copies. */
export interface FolderOptions {
  /** Parent of the session folder; default: the system's folder for temporary files. */
  readonly parent?: string;
  /** Called with a line where a weight file had to be copied. */
  readonly log?: (line: string) => void;
}

/** Bytes of weights that are handed over in the buffer of the graph; more would be there twice. */
const bufferLimit = 64 << 20;

/** Whether a model is handed over as one buffer. */
export function fitsBuffer(model: Model): boolean {
  return fitsProtobuf(model, bufferLimit) &&
    weightsOf(model).every(({ data }) => data.kind !== "external");
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
    // ONNX Runtime does not look for shapes in other files.
    const moved = await moveWeights(withSmallWeights(model), folder, options);
    const path = join(folder, "model.onnx");
    await Deno.writeFile(path, encode(moved));
    return { path, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function moveWeights(model: Model, folder: string, options: FolderOptions): Promise<Model> {
  const locations = new Map<string, string>();
  const inner = filesOfNodes(model);
  for (const [key, file] of weightFilesOf(model)) {
    const location = `weights_${locations.size}.data`;
    locations.set(key, location);
    const [from, to] = [weightPath(file), join(folder, location)];
    await (inner.has(key) ? copyWhole(from, to) : linkOrCopy(from, to, options.log));
  }
  const linked = moveFiles(model, (data) => ({
    ...data,
    directory: folder,
    location: locations.get(fileKey(data))!,
  }));
  return spillWeights(linked, folder, "inline.data");
}

/** The files of weights that are no initializers of the graph itself, by their keys. */
function filesOfNodes(model: Model): ReadonlySet<string> {
  const initializers = new Set(model.graph.initializers.values());
  const files = new Set<string>();
  mapWeights(model, (weight) => {
    if (weight.data.kind === "external" && !initializers.has(weight)) {
      files.add(fileKey(weight.data));
    }
    return weight;
  });
  return files;
}
