/** Writes a model to a file and its external weights beside it. @module */
import { basename, dirname, join, resolve } from "@std/path";
import { encodeModel } from "../onnx/codec/encode.ts";
import type { Model } from "../onnx/ir/model.ts";
import { fitsProtobuf, spillWeights } from "./spill_file.ts";
import {
  copyWhole,
  fileKey,
  type Log,
  moveFiles,
  sameBytes,
  weightFilesOf,
} from "./weight_files.ts";
import { isInside, weightPath } from "./weight_path.ts";

/** A weight file of a written model. */
export interface WrittenWeights {
  /** Path relative to the model. */
  readonly location: string;
  /** `kept`: it was there already. */
  readonly how: "kept" | "copied" | "written";
  readonly from?: string;
}

/** What was written. */
export interface WrittenModel {
  readonly path: string;
  readonly bytes: number;
  readonly weights: readonly WrittenWeights[];
}

/**
 * Writes a model. Weights in files stay in them: a file of another folder is copied into the model's.
 * It is not linked, because readers refuse weights that have two names (onnx 1.23), those of the
 * source as well. Inline weights too large for a protobuf move to a file. The model appears under its
 * name when it is complete.
 *
 * @throws {DiagnosticError} If a weight file is missing, or lies where it must not.
 *
 * @example
 * ```ts
 * import { GraphBuilder } from "@tvp/pipeline/onnx";
 * import { writeModel } from "@tvp/pipeline/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * b.output(b.op("Neg", [b.input("x", "float32", ["n"])]), "y");
 * const folder = await Deno.makeTempDir();
 * const written = await writeModel(b.finish(), `${folder}/model.onnx`);
 * assertEquals(written.weights, []); // no files beside it
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function writeModel(model: Model, path: string, log?: Log): Promise<WrittenModel> {
  const target = resolve(path);
  const folder = dirname(target);
  await Deno.mkdir(folder, { recursive: true });
  const weights: WrittenWeights[] = [];
  let placed = await placeWeights(model, target, weights, log);
  if (!fitsProtobuf(placed)) {
    const location = await freeName(target);
    placed = spillWeights(placed, folder, location);
    weights.push({ location, how: "written" });
  }
  const bytes = encodeModel(placed);
  const temporary = `${target}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    await Deno.writeFile(temporary, bytes);
    await Deno.rename(temporary, target);
  } catch (error) {
    await Deno.remove(temporary).catch(ignoreNotFound);
    throw error;
  }
  return { path, bytes: bytes.length, weights };
}

async function placeWeights(
  model: Model,
  target: string,
  weights: WrittenWeights[],
  log: Log | undefined,
): Promise<Model> {
  const folder = dirname(target);
  const locations = new Map<string, string>();
  for (const [key, file] of weightFilesOf(model)) {
    const path = weightPath(file);
    const { location, how } = await placeFile(path, file.location, target, log);
    locations.set(key, location);
    weights.push({ location, how, ...(how === "kept" ? {} : { from: path }) });
  }
  return moveFiles(model, (data) => ({
    ...data,
    directory: folder,
    location: locations.get(fileKey(data))!,
  }));
}

/** A name beside the model that nothing has: what is there may be a second name of other weights. */
async function freeName(target: string): Promise<string> {
  for (let attempt = 0;; attempt++) {
    const location = nameOf(target, attempt);
    const place = join(dirname(target), location);
    if (await Deno.lstat(place).catch(ignoreNotFound) === undefined) return location;
  }
}

const nameOf = (target: string, attempt: number) =>
  attempt === 0 ? `${basename(target)}.data` : `${basename(target)}.${attempt}.data`;

/** Puts a weight file beside a model: under its own name, or another where that is taken. */
async function placeFile(
  path: string,
  name: string,
  target: string,
  log: Log | undefined,
): Promise<{ location: string; how: "kept" | "copied" }> {
  for (let attempt = 0;; attempt++) {
    const location = attempt === 0 ? name : nameOf(target, attempt);
    const place = join(dirname(target), location);
    if (place === target || !await staysInside(place, dirname(target))) continue;
    const there = await Deno.lstat(place).catch(ignoreNotFound);
    if (there === undefined) {
      log?.(`Copying weights "${path}"; a model that is written beside them shares them`);
      await copyWhole(path, place);
      return { location, how: "copied" };
    }
    // ONNX Runtime may refuse a link that is outside of the model's folder.
    if (!there.isSymlink && await sameBytes(path, place)) return { location, how: "kept" };
  }
}

/** Whether a place in a folder is reached without a link that leads out of it. */
async function staysInside(place: string, folder: string): Promise<boolean> {
  const root = await Deno.realPath(folder);
  for (let parent = dirname(place); parent !== folder; parent = dirname(parent)) {
    const real = await Deno.realPath(parent).catch(ignoreNotFound);
    if (real !== undefined && !isInside(real, root)) return false;
  }
  return true;
}

function ignoreNotFound(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
