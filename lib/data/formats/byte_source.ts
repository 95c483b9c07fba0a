/** Reads ranges of bytes from a file, compressed or not. @module */
import { dataFailure } from "../data_failure.ts";
import { readRange } from "../data_root.ts";
import { ByteStream } from "./byte_stream.ts";
import { inflated } from "./gzip.ts";

/** Bytes by their places. */
export interface ByteSource {
  /** How many there are; not known of what is compressed. */
  readonly size?: number;
  /** Bytes from a place on; fewer where they end before. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Reads to the end: what is compressed has a checksum there. @throws {DiagnosticError} If it is wrong. */
  finish(): Promise<void>;
  /** Leaves the rest unread. */
  close(): Promise<void>;
}

/** The largest size to which a compressed file may unpack; archives of images stay below three times theirs. */
const mostBytes = (size: number) => 100 * size + (16 << 20);

/** Opens a file, unpacking it where it begins as gzip does. */
export function openBytes(path: string): ByteSource {
  const { size } = Deno.statSync(path);
  const start = readRange(path, 0, Math.min(2, size));
  if (start[0] === 0x1f && start[1] === 0x8b) return new GzipSource(path, mostBytes(size));
  return {
    size,
    read: (offset, length) =>
      Promise.resolve(readRange(path, offset, Math.max(0, Math.min(length, size - offset)))),
    finish: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

/** A compressed file: to go back in it is to begin again. */
class GzipSource implements ByteSource {
  readonly #path: string;
  readonly #most: number;
  #stream: ByteStream | undefined;
  #position = 0;

  constructor(path: string, most: number) {
    [this.#path, this.#most] = [path, most];
  }

  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#stream === undefined || offset < this.#position) await this.#begin();
    this.#position += await this.#stream!.skip(offset - this.#position);
    const bytes = await this.#stream!.takeUpTo(Math.min(length, this.#most));
    this.#position += bytes.length;
    return bytes;
  }

  async #begin(): Promise<void> {
    await this.close();
    const what = JSON.stringify(this.#path);
    const file = Deno.openSync(this.#path);
    this.#stream = new ByteStream(atMost(inflated(file.readable, "gzip", what), this.#most, what));
    this.#position = 0;
  }

  async finish(): Promise<void> {
    this.#position += await this.#stream?.skip(Infinity) ?? 0;
  }

  async close(): Promise<void> {
    await this.#stream?.close();
    this.#stream = undefined;
  }
}

/** The chunks of a stream, up to a number of bytes in all. */
async function* atMost(
  chunks: AsyncIterable<Uint8Array>,
  most: number,
  what: string,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of chunks) {
    total += chunk.length;
    if (total > most) {
      throw dataFailure(what, `it unpacks to more than ${most} bytes, a hundred times its size`);
    }
    yield chunk;
  }
}
