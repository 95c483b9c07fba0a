/** A mistake of a user as a value: what is wrong, where, and what to do next. @module */

/** A place in a text: lines and columns count from 1, offsets from 0 in UTF-16 units. */
export interface Location {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly offset: number;
  readonly length: number;
}

/** A message for a user: a mistake in their input, or a warning about it. */
export interface Diagnostic {
  /** Kebab-case, stable across releases: `unknown-key`, `no-gradient-rule`. */
  readonly code: string;
  readonly severity: "error" | "warning";
  /** Action, cause, current state; no final period. */
  readonly message: string;
  readonly location?: Location;
  /** What is allowed, and what to do next. */
  readonly notes?: readonly string[];
}

/** A value, or the mistakes that prevented it. */
export type Result<T, E = readonly Diagnostic[]> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

/**
 * A user's mistake on its way through code that has to throw. The command line prints its diagnostics.
 *
 * @example
 * ```ts
 * import { DiagnosticError } from "@tvp/pipeline/pipeline";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new DiagnosticError([
 *   { code: "unknown-key", severity: "error", message: 'Unknown key "lrr"', notes: ['did you mean "lr"?'] },
 * ]);
 * assertEquals(error.message, 'Unknown key "lrr"');
 * assertEquals(error.diagnostics[0]?.code, "unknown-key");
 * ```
 */
export class DiagnosticError extends Error {
  override readonly name = "DiagnosticError";
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((d) => d.message).join("\n"));
    this.diagnostics = diagnostics;
  }
}

/**
 * One mistake of a user, to be thrown.
 *
 * @param message Action, cause, current state.
 * @param notes What would have been allowed, and what to do next.
 */
export function diagnosticError(
  code: string,
  message: string,
  notes: readonly string[] = [],
): DiagnosticError {
  const told = notes.length > 0 ? { notes } : {};
  return new DiagnosticError([{ code, severity: "error", message, ...told }]);
}
