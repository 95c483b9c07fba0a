/** Reads a stream in pieces of the sizes that a format asks for. @module */
import { dataFailure } from "../data_failure.ts";

/** Takes bytes off a stream. */
export class ByteStream {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #what: string;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>, what: string) {
    [this.#chunks, this.#what] = [chunks[Symbol.asyncIterator](), what];
  }

  /** The next bytes. @throws {DiagnosticError} If there are not as many. */
  async take(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const out = new Uint8Array(count);
    for (let at = 0; at < count;) {
      if (this.#rest.length === 0) {
        const { value, done } = await this.#chunks.next();
        if (done) throw dataFailure(this.#what, `${count} bytes are needed, it ends after ${at}`);
        this.#rest = value;
      }
      const part = this.#rest.subarray(0, count - at);
      out.set(part, at);
      at += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return out;
  }

  /** Leaves the rest unread. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
