/**
 * Unpacks compressed files within a limit: a small file can unpack to more than memory holds.
 *
 * @module
 */
import { pipeline, Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { createZstdDecompress } from "node:zlib";
import { dataFailure } from "../data_failure.ts";

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/** Unpackers by what compressed the bytes. */
const unpackers = {
  gzip: (stream) => stream.pipeThrough(new DecompressionStream("gzip")),
  deflate: (stream) => stream.pipeThrough(new DecompressionStream("deflate")),
  zstd: (stream) =>
    pipeline(
      Readable.fromWeb(stream as NodeReadableStream),
      createZstdDecompress(),
      () => {}, // whoever reads is told of errors
    ),
} satisfies Record<string, (stream: Bytes) => AsyncIterable<Uint8Array>>;

/** What compresses files that can be read. */
export type Compression = keyof typeof unpackers;

/** The chunks of a compressed stream. @throws {DiagnosticError} If it is damaged or cut off. */
export async function* inflated(
  stream: Bytes,
  format: Compression,
  what: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* unpackers[format](stream);
  } catch (error) {
    const isOfZstd = /^Zstd\b/.test((error as Error).message);
    if (!(error instanceof TypeError || isOfZstd)) throw error;
    throw dataFailure(what, "its compressed data are damaged or cut off");
  }
}
