/** Reads ranges of bytes from a file, compressed or not. @module */
import { dataFailure } from "../data_failure.ts";
import { readRange } from "../data_root.ts";
import { ByteStream } from "./byte_stream.ts";
import { type Compression, inflated } from "./unpack.ts";

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

/** How compressed files begin. */
const marks: readonly (readonly [start: readonly number[], format: Compression])[] = [
  [[0x1f, 0x8b], "gzip"],
  [[0x28, 0xb5, 0x2f, 0xfd], "zstd"],
];

/** Opens a file, unpacking it where it begins as gzip or zstd does. */
export function openBytes(path: string): ByteSource {
  const { size } = Deno.statSync(path);
  const start = readRange(path, 0, Math.min(4, size));
  const packed = marks.find(([mark]) => mark.every((byte, i) => start[i] === byte));
  if (packed !== undefined) return new PackedSource(path, packed[1], mostBytes(size));
  return {
    size,
    read: (offset, length) =>
      Promise.resolve(readRange(path, offset, Math.max(0, Math.min(length, size - offset)))),
    finish: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

/** A compressed file: to go back in it is to begin again. */
class PackedSource implements ByteSource {
  readonly #path: string;
  readonly #format: Compression;
  readonly #most: number;
  #stream: ByteStream | undefined;
  #position = 0;

  constructor(path: string, format: Compression, most: number) {
    [this.#path, this.#format, this.#most] = [path, format, most];
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
    const chunks = inflated(file.readable, this.#format, what);
    this.#stream = new ByteStream(atMost(chunks, this.#most, what));
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
