/** Writes files where the user says. An error of the system becomes a diagnostic. @module */
import { isSystemError } from "../cache/disk/system_error.ts";
import { diagnosticError } from "../diagnostic/diagnostic.ts";
import { isFolder } from "../workspace/is_folder.ts";

/** Runs what writes a file. @throws {DiagnosticError} If the system does not let it. */
export async function writing<T>(path: string, write: () => T | Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const isRefused = isSystemError(error) || error instanceof Deno.errors.NotCapable;
    if (!isRefused) throw error;
    const message = `Cannot write "${path}": ${causeOf(error, path)}`;
    throw diagnosticError("not-writable", message);
  }
}

function causeOf(error: Error, path: string): string {
  if (isFolder(path)) return "it is a folder";
  if (error instanceof Deno.errors.NotCapable) return "it is no place for files";
  if (error instanceof Deno.errors.AlreadyExists) return "there is a file of this name";
  if (error instanceof Deno.errors.NotFound) return "there is no such folder";
  return error.message;
}
