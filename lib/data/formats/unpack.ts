/**
 * Unpacks compressed files within a limit: a small file can unpack to more than memory holds.
 *
 * @module
 */
import { pipeline, Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import { dataFailure } from "../data_failure.ts";

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/**
 * Unpackers by what compressed the bytes. Node's take several members of gzip in one file, as
 * `cat a.gz b.gz` and bgzip make them; a `DecompressionStream` does not.
 */
const unpackers = {
  gzip: createGunzip,
  deflate: createInflate,
  zstd: createZstdDecompress,
};

/** What compresses files that can be read. */
export type Compression = keyof typeof unpackers;

/** The chunks of a compressed stream. @throws {DiagnosticError} If it is damaged or cut off. */
export async function* inflated(
  stream: Bytes,
  format: Compression,
  what: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* pipeline(
      Readable.fromWeb(stream as NodeReadableStream),
      unpackers[format](),
      () => {}, // whoever reads is told of errors
    );
  } catch (error) {
    if (!isDamage(error as Error)) throw error;
    throw dataFailure(what, "its compressed data are damaged or cut off");
  }
}

/** Whether an error is the unpacker's, not the system's; Deno gives that of zstd no code. */
const isDamage = ({ code = "", message }: Error & { code?: string }) =>
  /^(?:Z|ZSTD)_/.test(code) || /^Zstd\b/.test(message);
