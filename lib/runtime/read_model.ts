/** Reads model files from outside. Every fault of a file becomes a diagnostic. @module */
import { dirname, resolve } from "@std/path";
import { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
import { checkStructure } from "../onnx/infer/check.ts";
import { decodeModel, OnnxDecodeError } from "../onnx/codec/decode.ts";
import type { Model } from "../onnx/ir/model.ts";
import { weightFilesOf } from "./weight_files.ts";
import { weightPath } from "./weight_path.ts";

/** Mistakes that are reported one by one before the rest is left out. */
const shownProblems = 10;

/**
 * Reads a model, and checks that it is one and that its weight files are there.
 *
 * @throws {DiagnosticError} If the file is missing or no ONNX model, if the model is invalid, or if its
 * weights are missing, truncated, or outside of its folder.
 */
export async function readModelFile(path: string): Promise<Model> {
  const bytes = await readBytes(path);
  const directory = await Deno.realPath(dirname(resolve(path)));
  const model = decode(bytes, path, directory);
  const mistakes = checkStructure(model).filter(({ severity }) => severity === "error");
  const problems = mistakes.length > 0 ? mistakes : weightProblems(model);
  if (problems.length === 0) return model;
  throw new DiagnosticError(
    problems.slice(0, shownProblems).map((problem) => ({
      ...problem,
      message: `Cannot read "${path}": ${problem.message}`,
    })),
  );
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    if (!(await Deno.stat(path)).isFile) throw unreadable(path, "it is not a regular file");
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      const message = `Cannot read "${path}": there is no such file`;
      throw new DiagnosticError([{ code: "model-not-found", severity: "error", message }]);
    }
    if (error instanceof DiagnosticError || !(error instanceof Error)) throw error;
    throw unreadable(path, error.message);
  }
}

function decode(bytes: Uint8Array, path: string, directory: string): Model {
  try {
    return decodeModel(bytes, { directory });
  } catch (error) {
    if (!(error instanceof OnnxDecodeError)) throw error;
    throw unreadable(path, error.message.replace(/^Cannot decode model: /, ""));
  }
}

/** One diagnostic per weight file that is not as the model says. */
function weightProblems(model: Model): Diagnostic[] {
  return [...weightFilesOf(model).values()].flatMap((file) => {
    try {
      weightPath(file);
      return [];
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      return error.diagnostics;
    }
  });
}

function unreadable(path: string, cause: string): DiagnosticError {
  const message = `Cannot read "${path}": ${cause}`;
  return new DiagnosticError([{ code: "model-unreadable", severity: "error", message }]);
}
