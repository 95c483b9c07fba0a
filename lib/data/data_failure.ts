/** Words errors in the user's data. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";

/** Why data cannot be used, by the error of {@linkcode dataFailure} of the same `what`. @throws Any other error. */
export function causeOf(error: unknown, what: string): string {
  if (!(error instanceof DiagnosticError)) throw error;
  const { message } = error.diagnostics[0]!;
  const start = `Cannot read ${what}: `;
  return message.startsWith(start) ? message.slice(start.length) : message;
}

/** Data that cannot be used: `what` names the file or the rows, `cause` says why. */
export function dataFailure(
  what: string,
  cause: string,
  notes: readonly string[] = [],
): DiagnosticError {
  const message = `Cannot read ${what}: ${cause}`;
  return new DiagnosticError([{ code: "data-unreadable", severity: "error", message, notes }]);
}

/** A text of the user's in quotes, cut where it is long: some columns hold whole images. */
export function quoted(text: string, most = 100): string {
  return JSON.stringify(text.length > most ? `${text.slice(0, most)}…` : text);
}

/** The first names of a list, and the number of the others. */
export function someOf(names: readonly string[], most = 5): string {
  const more = names.length > most ? ` and ${names.length - most} more` : "";
  return `${names.slice(0, most).join(", ")}${more}`;
}
