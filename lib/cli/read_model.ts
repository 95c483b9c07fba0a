/** Reads ONNX files for commands. Every fault of a file becomes a diagnostic. @module */
import { join } from "@std/path";
import { type Diagnostic, DiagnosticError, diagnosticError } from "../diagnostic/diagnostic.ts";
import type { Model, ValueType } from "../onnx/ir/model.ts";
import { readModelFile } from "../runtime/read_model.ts";
import { weightFilesOf } from "../runtime/weight_files.ts";
import { weightPath } from "../runtime/weight_path.ts";
import { isFolder } from "../workspace/is_folder.ts";

/**
 * Reads a model and checks that it is one, and that its weight files are there and complete.
 *
 * @throws {DiagnosticError} If the file or its weights are missing, truncated, or not ONNX.
 */
export async function readModel(path: string): Promise<Model> {
  if (!isFolder(path)) return await readModelFile(path);
  throw diagnosticError(
    "model-unreadable",
    `Cannot read "${path}": it is a folder`,
    filesNote(path),
  );
}

/**
 * Tells, once, of shapes that a model's file declares and its graph contradicts: the graph counts.
 *
 * @param model As `readModel` gives it: its structure has been checked.
 * @throws {DiagnosticError} If a node does not fit the types and shapes that it meets.
 */
export async function checkTypes(path: string, model: Model): Promise<void> {
  const { typeProblems } = await import("../onnx/infer/check.ts");
  const found = typeProblems(model);
  const errors = found.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new DiagnosticError(errors);
  const [first, ...more] = found.filter(({ code }) => code === "untrue-shape");
  if (first === undefined) return;
  const rest = more.length > 0 ? [`and ${more.length} more declared shapes are not true`] : [];
  const { printDiagnostics } = await import("./print_diagnostics.ts");
  printDiagnostics([problem(first.code, `"${path}": ${first.message}`, rest, "warning")]);
}

/** The ONNX files of a model's folder, in the layout of transformers.js or beside each other. */
function filesNote(folder: string): string[] {
  const files = [folder, join(folder, "onnx")].filter(isFolder).flatMap((place) =>
    [...Deno.readDirSync(place)].map(({ name }) => join(place, name))
  );
  const models = files.filter((file) => file.endsWith(".onnx")).sort();
  return models.length === 0 ? [] : [`its ONNX files: ${models.join(", ")}`];
}

/** The files that a model is in: its own, and those of its weights. */
export function filesOf(path: string, model: Model): string[] {
  return [path, ...weightFilesOf(model).values().map(weightPath)];
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

function problem(
  code: string,
  message: string,
  notes: readonly string[] = [],
  severity: Diagnostic["severity"] = "error",
): Diagnostic {
  return { code, severity, message, ...(notes.length > 0 ? { notes } : {}) };
}
