/** Reads JSON without rounding whole numbers: ids and classes may have 64 bits. @module */
import { boundedJson } from "../../trust/bounded_json.ts";

/** Digits that a number may need more than 53 bits for. */
const manyDigits = /\d{16}/;

/**
 * The value of a JSON text. A whole number that a JavaScript number cannot hold is its text, as in a
 * Parquet file.
 *
 * @throws {SyntaxError} If it is not JSON.
 */
export function jsonIn(text: string): unknown {
  return manyDigits.test(text) ? boundedJson(text, exact) : boundedJson(text);
}

function exact(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const isRounded = Number.isInteger(value) && !Number.isSafeInteger(value);
  const source = context?.source;
  return isRounded && source !== undefined && /^-?\d+$/.test(source) ? source : value;
}
