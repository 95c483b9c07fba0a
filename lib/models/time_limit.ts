/**
 * Ends code that runs too long on a stranger's input, such as a regular expression that backtracks
 * without end.
 *
 * @module
 */
import { createContext, Script } from "node:vm";

/** Longest that the text side of a model may take for one text; it takes milliseconds. */
export const textLimitMs = 2_000;

/** Work that was ended as it took too long. */
export class TimeLimitError extends RangeError {
  override readonly name = "TimeLimitError";

  constructor(limitMs: number) {
    super(`Cannot wait longer than ${limitMs / 1000} s`);
  }
}

// Only a script that runs in a context of its own can be ended from outside; to make one takes long.
const sandbox = createContext({ work: undefined as (() => unknown) | undefined });
const script = new Script("work()");

/**
 * Does synchronous work, and ends it after a while.
 *
 * @throws {TimeLimitError} If it takes too long.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 *
 * const forever = () => /(a+)+$/.test(`${"a".repeat(40)}b`);
 * assertThrows(() => withTimeLimit(forever, 50), TimeLimitError);
 * ```
 */
export function withTimeLimit<T>(work: () => T, limitMs: number): T {
  try {
    sandbox.work = work;
    return script.runInContext(sandbox, { timeout: limitMs });
  } catch (error) {
    const { code } = Object(error) as { readonly code?: unknown };
    throw code === "ERR_SCRIPT_EXECUTION_TIMEOUT" ? new TimeLimitError(limitMs) : error;
  } finally {
    sandbox.work = undefined;
  }
}
