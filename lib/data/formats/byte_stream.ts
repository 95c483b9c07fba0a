/** Reads a stream in pieces of the sizes that a format asks for. @module */
import { dataFailure } from "../data_failure.ts";

/** Takes bytes off a stream. */
export class ByteStream {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #what: string;
  #rest: Uint8Array = new Uint8Array(0);

  /** @param what The file, for messages. */
  constructor(chunks: AsyncIterable<Uint8Array>, what = "the stream") {
    [this.#chunks, this.#what] = [chunks[Symbol.asyncIterator](), what];
  }

  /** The next bytes. @throws {DiagnosticError} If there are not as many. */
  async take(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const out = await this.takeUpTo(count);
    if (out.length === count) return out;
    throw dataFailure(this.#what, `${count} bytes are needed, it ends after ${out.length}`);
  }

  /** The next bytes, fewer where they end. */
  async takeUpTo(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const out = new Uint8Array(count);
    let at = 0;
    for (let part = await this.#part(count); part.length > 0; part = await this.#part(count - at)) {
      out.set(part, at);
      at += part.length;
    }
    return at === count ? out : out.slice(0, at);
  }

  /** Leaves bytes out. @returns How many: fewer where they end. */
  async skip(count: number): Promise<number> {
    let left = count;
    for (let part = await this.#part(left); part.length > 0; part = await this.#part(left)) {
      left -= part.length;
    }
    return count - left;
  }

  /** Some of the next bytes; none at the end. */
  async #part(most: number): Promise<Uint8Array> {
    while (this.#rest.length === 0 && most > 0) {
      const { value, done } = await this.#chunks.next();
      if (done) break;
      this.#rest = value;
    }
    const part = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }

  /** Leaves the rest unread. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
