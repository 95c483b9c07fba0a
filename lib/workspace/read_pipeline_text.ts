/** Reads the text of a pipeline file within limits. @module */
import { readRegularText } from "../cache/disk/regular_file.ts";

/** A file of 10 000 stages has a third of it. */
const MOST_BYTES = 4 << 20;

/**
 * The text of a pipeline file, or of a file that it includes.
 *
 * @throws {RangeError} If it is not a file (reading a pipe may never end), or too large.
 * @throws what the system says where it cannot be read.
 */
export function readPipelineText(path: string): string {
  return readRegularText(path, MOST_BYTES);
}
