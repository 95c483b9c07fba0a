/** Parses JSON of others within a limit of nesting. @module */

/** Deepest nesting. No file of a model, a data set or a store has a tenth of it. */
const deepest = 512;

/** Brackets in a text are nested too deeply. */
export class NestingError extends SyntaxError {
  override readonly name = "NestingError";
}

/**
 * `JSON.parse` for a text that may come from anywhere. The parser takes a hundred bytes of memory for
 * each bracket that is open, and what walks through its value a frame of the call stack.
 *
 * @throws {NestingError} If it is nested too deeply.
 * @throws {SyntaxError} If it is not JSON.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(boundedJson("[1]"), [1]);
 * assertThrows(() => boundedJson("[".repeat(1e6)), NestingError);
 * ```
 */
export function boundedJson(text: string, reviver?: Parameters<typeof JSON.parse>[1]): unknown {
  if (text.length > deepest && isTooDeep(text)) {
    throw new NestingError(`it is nested deeper than ${deepest} levels`);
  }
  return JSON.parse(text, reviver);
}

/** Of a text that is not JSON any answer is right. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === '"') at = endOfString(text, at + 1);
    else if (sign === "[" || sign === "{") depth++;
    else if (sign === "]" || sign === "}") depth--;
    if (depth > deepest) return true;
  }
  return false;
}

/** Where the quote is that ends a string. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

function isEscaped(text: string, quote: number): boolean {
  let slashes = 0;
  while (text[quote - 1 - slashes] === "\\") slashes++;
  return slashes % 2 === 1;
}
