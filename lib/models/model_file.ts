/** Text and JSON files of a model directory, which may come from anywhere. @module */
import { z } from "zod";
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { standIn } from "../diagnostic/stand_in.ts";
import { parsePythonJson } from "./python_json.ts";

/** Most bytes of a file that are read; tokenizers of 250 000 words take 20 to 35 MB. */
const maxBytes = 128 * 2 ** 20;

/**
 * The text of a file in UTF-8, or in UTF-16 if it begins with a byte order mark that says so.
 *
 * @returns Undefined where there is no such file.
 * @throws {DiagnosticError} If it cannot be read, is not a regular file, too long, or no text.
 */
export async function readModelText(path: string): Promise<string | undefined> {
  const bytes = await readBytes(path);
  if (bytes === undefined) return undefined;
  try {
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch {
    throw unreadable(path, "it is not text in UTF-8");
  }
}

/**
 * A JSON file that fits a schema. NaN, Infinity and a byte order mark are allowed, as Python
 * writes the former and some editors the latter.
 *
 * @returns Undefined where there is no such file.
 * @throws {DiagnosticError} If it cannot be read, is not JSON, or does not fit; all that does not is
 * named.
 */
export async function readModelJson<T>(
  path: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const text = await readModelText(path);
  return text === undefined ? undefined : checkJson(path, parseJson(path, text), schema);
}

/** A value of a file, checked. @throws {DiagnosticError} If it does not fit. */
function checkJson<T>(path: string, value: unknown, schema: z.ZodType<T>): T {
  const { error, data } = schema.safeParse(value, { reportInput: true });
  if (error === undefined) return data;
  // One value may break two rules that are told in the same words.
  const [first, ...more] = new Set(error.issues.map(problemOf));
  throw unreadable(path, first!, ...more.map((problem) => `also: ${problem}`));
}

/** What keeps a file from being used. */
export function unreadable(
  path: string,
  cause: string,
  ...notes: readonly string[]
): DiagnosticError {
  const message = `Cannot read "${path}": ${cause}`;
  return new DiagnosticError([{ code: "model-unreadable", severity: "error", message, notes }]);
}

async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile) throw unreadable(path, "it is not a regular file");
    if (size > maxBytes) {
      throw unreadable(path, `it has ${size} bytes, more than the ${maxBytes} that are read`);
    }
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof DiagnosticError) throw error;
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw unreadable(path, error instanceof Error ? error.message : String(error));
  }
}

function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}

function parseJson(path: string, text: string): unknown {
  try {
    return parsePythonJson(text);
  } catch (error) {
    const words = error instanceof SyntaxError ? error.message : "it is nested too deeply";
    throw unreadable(path, `it is ${standIn(text) ?? `not JSON: ${words}`}`);
  }
}

/** `text_config.eos_token_id is "x", needed is a whole number`: schemas say what is needed. */
function problemOf({ path, input, message }: z.core.$ZodIssue): string {
  return `${z.core.toDotPath(path) || "its content"} is ${shown(input)}, expected ${message}`;
}

function shown(value: unknown): string {
  const text = typeof value === "number" ? numeral(value) : JSON.stringify(value) ?? "absent";
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** All digits of a number that is kept, also of one so large that others are rounded to it. */
function numeral(value: number): string {
  const isLarge = Number.isInteger(value) && !Number.isSafeInteger(value) && value < 1e21;
  return isLarge ? String(BigInt(value)) : String(value);
}
