/** Reads the text of a pipeline file within limits. @module */
import { readRegularFile } from "../cache/disk/regular_file.ts";

/** A file of 10 000 stages has a third of it. */
const MOST_BYTES = 4 << 20;

/**
 * The text of a pipeline file, or of a file that it includes.
 *
 * @throws {RangeError} If it is not a file (reading a pipe may never end), too large, or no UTF-8.
 * @throws what the system says where it cannot be read.
 */
export function readPipelineText(path: string): string {
  const bytes = readRegularFile(path, MOST_BYTES);
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const at = firstReplaced(bytes, text);
  if (at === undefined) return text.replace(/^\ufeff/, "");
  const line = bytes.subarray(0, at).filter((byte) => byte === newline).length + 1;
  const byte = bytes[at]!.toString(16).toUpperCase().padStart(2, "0");
  throw new RangeError(`line ${line} is not UTF-8, it has the byte 0x${byte}: save it as UTF-8`);
}

const newline = 0x0a;

/** Where a character stands for bytes that are none. */
function firstReplaced(bytes: Uint8Array, text: string): number | undefined {
  if (!text.includes("\ufffd")) return undefined;
  const again = new TextEncoder().encode(text);
  const at = bytes.findIndex((byte, index) => byte !== again[index]);
  return at < 0 ? undefined : at;
}
