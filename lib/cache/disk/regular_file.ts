/** Reads regular files only: reading a named pipe, say, may never end. @module */
import { fileKind } from "./file_kind.ts";
import { boundedJson } from "../../trust/bounded_json.ts";

/** The default limit of what is read of a file: no command takes larger ones. */
const maxBytes = 2 ** 31;

/**
 * The bytes of a regular file.
 *
 * @throws {RangeError} If it is not a regular file, or larger than `most` bytes: `it is a named pipe`.
 */
export function readRegularFile(path: string, most = maxBytes): Uint8Array<ArrayBuffer> {
  checkRegularFile(path, most);
  return Deno.readFileSync(path);
}

/** Looks at a file before it is read. @throws {RangeError} As {@linkcode readRegularFile} does. */
function checkRegularFile(path: string, most: number): Deno.FileInfo {
  const info = Deno.statSync(path);
  if (!info.isFile) throw new RangeError(`it is ${fileKind(info)}`);
  if (info.size > most) {
    throw new RangeError(`it has ${info.size} bytes, and at most ${most} can be read`);
  }
  return info;
}

/** Longest record, in bytes: one of 100 000 tasks has a tenth. */
const longestRecord = 2 ** 29;

/**
 * The JSON of a record that a crash may have damaged.
 *
 * @throws {SyntaxError} If it is no JSON, or no regular file.
 */
export function readRecordJson(path: string): unknown {
  return readRecord(path).value;
}

/** The same, with what the system knows of the file. @throws {SyntaxError} Likewise. */
export function readRecord(path: string): {
  readonly value: unknown;
  readonly info: Deno.FileInfo;
} {
  const info = lookAtRecord(path);
  return { value: boundedJson(Deno.readTextFileSync(path)), info };
}

function lookAtRecord(path: string): Deno.FileInfo {
  try {
    return checkRegularFile(path, longestRecord);
  } catch (error) {
    throw error instanceof RangeError ? new SyntaxError(error.message) : error;
  }
}

/** Its text. @throws {RangeError} As {@linkcode readRegularFile} does. */
export function readRegularText(path: string, most?: number): string {
  return new TextDecoder().decode(readRegularFile(path, most));
}
