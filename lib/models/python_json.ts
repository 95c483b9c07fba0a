/** JSON as Python writes it: NaN, Infinity and -Infinity are numbers there. @module */
import { boundedJson } from "../trust/bounded_json.ts";

/** Stands for NaN while it passes through JSON, which has no way to write it. */
const notANumber = "\0NaN";

/** JSON numbers beyond the largest one are read as infinite. */
const spellings: Readonly<Record<string, string>> = {
  NaN: JSON.stringify(notANumber),
  Infinity: "1e999",
  "-Infinity": "-1e999",
};

/** Texts are matched as a whole, so that what they say stays; one without an end goes to the end. */
const textsAndNumbers = /"[^"\\]*(?:\\.[^"\\]*)*(?:"|$)|-?Infinity|NaN/gs;

/**
 * Parses JSON with Python's three numbers that JSON does not know.
 *
 * @throws {SyntaxError} If the text is not JSON even so.
 *
 * @example
 * ```ts
 * parsePythonJson('{ "limit": Infinity, "name": "NaN" }'); // { limit: Infinity, name: "NaN" }
 * ```
 */
export function parsePythonJson(text: string): unknown {
  try {
    return boundedJson(text);
  } catch (error) {
    const plain = text.replace(textsAndNumbers, (found) => spellings[found] ?? found);
    if (plain === text) throw error;
    return boundedJson(plain, (_, value) => value === notANumber ? NaN : value);
  }
}
