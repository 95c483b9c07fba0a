/** ONNX files as commands read them: whatever is wrong with one is a diagnostic. @module */
import { dirname, join, resolve } from "@std/path";
import { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
import { decodeModel, OnnxDecodeError } from "../onnx/decode.ts";
import type { Model, ValueType } from "../onnx/model.ts";
import { weightFilesOf } from "../runtime/weight_files.ts";
import { isFolder } from "./is_folder.ts";

/**
 * Reads a model and checks that its weight files are there and complete.
 *
 * @throws {DiagnosticError} If the file or its weights are missing, truncated, or not ONNX.
 */
export async function readModel(path: string): Promise<Model> {
  const bytes = await readBytes(path);
  const directory = await Deno.realPath(dirname(resolve(path)));
  const model = decode(bytes, path, directory);
  const problems: Diagnostic[] = [];
  for (const [file, { size }] of weightFilesOf(model)) {
    const cause = await weightProblem(file, size);
    if (cause) problems.push(problem("weights-unreadable", `Cannot read "${path}": ${cause}`));
  }
  if (problems.length > 0) throw new DiagnosticError(problems);
  return model;
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw failure("model-not-found", `Cannot read "${path}": there is no such file`);
    }
    if (!(error instanceof Error)) throw error;
    if (isFolder(path)) {
      throw failure("model-unreadable", `Cannot read "${path}": it is a folder`, filesNote(path));
    }
    throw failure("model-unreadable", `Cannot read "${path}": ${error.message}`);
  }
}

/** The ONNX files of a model's folder, in the layout of transformers.js or beside each other. */
function filesNote(folder: string): string[] {
  const files = [folder, join(folder, "onnx")].filter(isFolder).flatMap((place) =>
    [...Deno.readDirSync(place)].map(({ name }) => join(place, name))
  );
  const models = files.filter((file) => file.endsWith(".onnx")).sort();
  return models.length === 0 ? [] : [`its ONNX files: ${models.join(", ")}`];
}

function decode(bytes: Uint8Array, path: string, directory: string): Model {
  try {
    return decodeModel(bytes, { directory });
  } catch (error) {
    if (!(error instanceof OnnxDecodeError)) throw error;
    const cause = error.message.replace(/^Cannot decode model: /, "");
    throw failure("model-unreadable", `Cannot read "${path}": ${cause}`);
  }
}

async function weightProblem(file: string, size: number): Promise<string | undefined> {
  try {
    const stat = await Deno.stat(file);
    if (stat.size >= size) return undefined;
    return `its weight file "${file}" has ${stat.size} bytes, the model needs ${size}`;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return `its weight file "${file}" is missing`;
  }
}

/** Whether two paths are the same file. */
export async function isSameFile(a: string, b: string): Promise<boolean> {
  try {
    return await Deno.realPath(a) === await Deno.realPath(b);
  } catch {
    return false;
  }
}

/** Names of values that hold floats, or of which nothing is known. */
export function floatNames(
  values: readonly { readonly name: string; readonly type: ValueType }[],
): readonly string[] {
  return values.filter(({ type }) =>
    type.kind === "unknown" || (type.kind === "tensor" && /float/.test(type.dtype))
  )
    .map(({ name }) => name);
}

/** A mistake in what a command was given. */
export function failure(
  code: string,
  message: string,
  notes: readonly string[] = [],
): DiagnosticError {
  return new DiagnosticError([problem(code, message, notes)]);
}

function problem(code: string, message: string, notes: readonly string[] = []): Diagnostic {
  return { code, severity: "error", message, ...(notes.length > 0 ? { notes } : {}) };
}
