/**
 * Unpacks compressed files within a limit: a small file can unpack to more than memory holds.
 *
 * @module
 */
import { dataFailure } from "../data_failure.ts";

/** The chunks of a compressed stream. @throws {DiagnosticError} If it is damaged or cut off. */
export async function* inflated(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  format: "gzip" | "deflate",
  what: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* stream.pipeThrough(new DecompressionStream(format));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw dataFailure(what, "its compressed data are damaged or cut off");
  }
}
