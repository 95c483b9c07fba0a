/** Another program that is measured beside ours: it takes one line of JSON and gives one. @module */

/** What a peer may answer. */
export interface PeerAnswer {
  readonly error?: string;
}

/** A program that answers requests, one line each. */
export class PeerProcess<Answer extends PeerAnswer> implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor(program: string, args: readonly string[]) {
    this.#process = new Deno.Command(program, {
      args: [...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#lines = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** @throws {TypeError} If the program could not do it, or has ended. */
  async ask(request: Readonly<Record<string, unknown>>): Promise<Answer> {
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
    const answer: Answer = JSON.parse(await this.#line());
    if (answer.error !== undefined) throw new TypeError(answer.error);
    return answer;
  }

  async #line(): Promise<string> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) throw new TypeError("it has ended; is what it needs installed there?");
      this.#rest += value;
    }
    const end = this.#rest.indexOf("\n");
    const line = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end + 1);
    return line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#process.status;
    await this.#lines.cancel();
  }
}
