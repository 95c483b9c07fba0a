/** Reads JSON files. Mistakes are reported by line and column. @module */
import { boundedJson, NestingError } from "../trust/bounded_json.ts";

/**
 * Reads a JSON file.
 *
 * @throws {SyntaxError} With the line and the column of what is not JSON.
 */
export async function readJson(path: string): Promise<unknown> {
  return await named(path, (text) => parseJson(text));
}

/** Reads a file of one JSON value a line. @throws {SyntaxError} With the line that has none. */
export async function readJsonLines(path: string): Promise<unknown[]> {
  return await named(
    path,
    (text) =>
      text.split("\n").flatMap((line, index) => line.trim() === "" ? [] : [parseJson(line, index)]),
  );
}

/** What `parse` makes of a file; what it throws names the file. */
async function named<T>(path: string, parse: (text: string) => T): Promise<T> {
  const text = (await Deno.readTextFile(path)).replace(/^\ufeff/, "");
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(`Cannot read "${path}": ${error.message}`);
  }
}

/**
 * Parses JSON; `above` counts the lines before the text.
 *
 * @throws {SyntaxError} With line and column, if the text is empty or no JSON.
 */
export function parseJson(text: string, above = 0): unknown {
  if (text.trim() === "") throw new SyntaxError("it is empty, expected JSON");
  try {
    return boundedJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError) || error instanceof NestingError) throw error;
    throw new SyntaxError(`it is not JSON: ${placeIn(text, error.message, above)}`);
  }
}

const token =
  /\s+|"[^"\\\n]*(?:\\.[^"\\\n]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]/y;

/** Offset of the first character that JSON does not allow; undefined if only the order is wrong. */
function firstStranger(text: string): number | undefined {
  token.lastIndex = 0;
  for (let at = 0; at < text.length; at = token.lastIndex) {
    if (!token.test(text)) return at;
  }
  return undefined;
}

/** NaN and Infinity are what Python writes where JSON has nothing to say. */
function placeIn(text: string, message: string, above: number): string {
  const told = /at position (\d+)/.exec(message)?.[1];
  const offset = firstStranger(text) ?? (told === undefined ? text.length : Number(told));
  const before = text.slice(0, offset).split("\n");
  const [found = ""] = /^-?\w+|^./.exec(text.slice(offset)) ?? [];
  const what = found === "" ? "it ends too early" : `"${found.slice(0, 20)}" is not expected`;
  const hint = /^-?(NaN|Infinity)/.test(found) ? " (JSON has no NaN and no Infinity)" : "";
  return `line ${above + before.length}, column ${before.at(-1)!.length + 1}, ${what}${hint}`;
}
