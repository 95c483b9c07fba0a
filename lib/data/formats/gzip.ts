/**
 * Unpacks compressed files within a limit: a small file can unpack to more than memory holds.
 *
 * @module
 */
import { dataFailure } from "../data_failure.ts";

/**
 * The bytes of a gzip or zlib stream, at most so many.
 *
 * @throws {DiagnosticError} If it is damaged, cut off, or holds more.
 */
export async function inflate(
  bytes: Uint8Array<ArrayBuffer>,
  { format, most, what }: {
    readonly format: "gzip" | "deflate";
    readonly most: number;
    readonly what: string;
  },
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of inflated(new Blob([bytes]).stream(), format, what)) {
    chunks.push(chunk);
    total += chunk.length;
    if (total > most) {
      throw dataFailure(what, `it unpacks to more than ${most} bytes`);
    }
  }
  const out = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}

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
