/** Reads a report and the signed statement beside it. @module */
import { basename } from "@std/path";
import { fileKind } from "../cache/disk/file_kind.ts";
import { isSystemError } from "../cache/disk/system_error.ts";
import { type DiagnosticError, diagnosticError } from "../diagnostic/diagnostic.ts";

/** What the name of a statement has after that of its file, as in-toto says. */
const ending = ".intoto.jsonl";

/** 10 000 tasks have a quarter of it. */
const maxBytes = 64 << 20;

/** A report's own path, whichever of the two files is named. */
export function reportPath(path: string): string {
  return path.endsWith(ending) ? path.slice(0, -ending.length) : path;
}

/** Path of the statement on a file. */
export function statementPath(report: string): string {
  return `${report}${ending}`;
}

/**
 * Reads the statement on a file.
 *
 * @throws {DiagnosticError} if it cannot be read, or is not a statement: what `read` throws as a
 * `SyntaxError` says why.
 */
export function readStatementFile<T>(report: string, read: (text: string) => T): T {
  const path = statementPath(report);
  try {
    const info = Deno.statSync(path);
    if (!info.isFile) throw new SyntaxError(`it is ${fileKind(info)}`);
    if (info.size > maxBytes) {
      throw new SyntaxError(`it has ${info.size} bytes, and at most ${maxBytes} can be read`);
    }
    return read(Deno.readTextFileSync(path));
  } catch (error) {
    if (error instanceof SyntaxError) throw unreadable(path, error.message);
    if (error instanceof Deno.errors.NotFound) {
      throw unreadable(path, "there is no such file", [
        `tvp sign writes it beside ${basename(report)}`,
      ]);
    }
    if (isSystemError(error)) throw unreadable(path, error.message);
    throw error;
  }
}

/** What is wrong with a statement, in the words of the command line. */
export function unreadable(
  path: string,
  cause: string,
  notes: readonly string[] = [],
): DiagnosticError {
  const message = `Cannot read the signed statement "${path}": ${cause}`;
  return diagnosticError("bad-statement", message, notes);
}
