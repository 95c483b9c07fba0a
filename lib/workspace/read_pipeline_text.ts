/** Reads the text of a pipeline file within limits. @module */
import { fileKind } from "../cache/disk/file_kind.ts";

/** A file of 10 000 stages has a third of it. */
const MOST_BYTES = 4 << 20;

/**
 * The text of a pipeline file, or of a file that it includes.
 *
 * @throws {RangeError} If it is no file (reading a pipe may never end), or too large.
 * @throws what the system says where it cannot be read.
 */
export function readPipelineText(path: string): string {
  const info = Deno.statSync(path);
  if (!info.isFile) throw new RangeError(`it is ${fileKind(info)}`);
  if (info.size > MOST_BYTES) {
    throw new RangeError(`it has ${info.size} bytes, and at most ${MOST_BYTES} are read`);
  }
  return Deno.readTextFileSync(path);
}
