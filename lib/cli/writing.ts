/** Writes files where the user says. An error of the system becomes a diagnostic. @module */
import { dirname } from "@std/path";
import { isSystemError } from "../cache/disk/system_error.ts";
import { diagnosticError } from "../diagnostic/diagnostic.ts";
import { isFolder } from "../workspace/is_folder.ts";

/**
 * Runs what writes a file into a folder that is there: a folder that is misspelt is not made.
 *
 * @throws {DiagnosticError} If there is no such folder, or the system does not let it write.
 */
export async function writing<T>(path: string, write: () => T | Promise<T>): Promise<T> {
  try {
    await Deno.stat(dirname(path));
    return await write();
  } catch (error) {
    const isRefused = isSystemError(error) || error instanceof Deno.errors.NotCapable;
    if (!isRefused) throw error;
    const message = `Cannot write "${path}": ${causeOf(error, path)}`;
    const isMissing = error instanceof Deno.errors.NotFound;
    throw diagnosticError(
      "not-writable",
      message,
      isMissing ? [`make it: mkdir -p "${dirname(path)}"`] : [],
    );
  }
}

/**
 * Refuses to write over a file that is read: it would be lost.
 *
 * @throws {DiagnosticError} `usage`, if a source is the file, or a link leads from one to the other.
 */
export async function refuseSources(output: string, sources: Iterable<string>): Promise<void> {
  const written = await realPathOf(output);
  if (written === undefined) return;
  for (const source of sources) {
    if (await realPathOf(source) !== written) continue;
    throw diagnosticError("usage", `Cannot write "${output}": it is the source "${source}"`, [
      "Choose another file name for -o",
    ]);
  }
}

/** Where a path leads, if something is there. */
async function realPathOf(path: string): Promise<string | undefined> {
  try {
    return await Deno.realPath(path);
  } catch {
    return undefined;
  }
}

function causeOf(error: Error, path: string): string {
  if (isFolder(path)) return "it is a folder";
  if (error instanceof Deno.errors.NotCapable) return "it is no place for files";
  if (error instanceof Deno.errors.AlreadyExists) return "there is a file of this name";
  if (error instanceof Deno.errors.NotFound) return "there is no such folder";
  return error.message;
}
