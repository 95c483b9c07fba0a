/** A process that has loaded one stage module and answers questions on it. @module */
import { fromFileUrl } from "@std/path";
import type { NameMistake } from "../pipeline/plan/plan.ts";
import { splitLine } from "./message.ts";
import { type Process, startProcess } from "./process.ts";
import type { HostAnswer, HostQuestion } from "./stage_host_process.ts";

/** How long an answer may take, loading included. */
const answerMs = 10_000;

/** Longest answer, in bytes. */
const longestAnswer = 64 << 20;

/** Memory for the objects of a module that nobody has said may run. */
const heapMiB = 512;

const program = new URL("./stage_host_process.ts", import.meta.url).href;

/** Files that hold code; what else a module names is not read for it. */
const source = /\.(?:m|c)?[jt]sx?$/;

/**
 * Flags of a process that may read the source of some modules and do nothing else: nothing is
 * fetched, and no lock file written. A link that leads to another kind of file is left out.
 */
export function hostFlags(modules: readonly string[]): string[] {
  const paths = modules.map((url) => fromFileUrl(url)).filter((path) =>
    source.test(path) && source.test(Deno.realPathSync(path))
  );
  return [
    "--no-remote",
    "--cached-only",
    "--frozen",
    `--v8-flags=--max-old-space-size=${heapMiB}`,
    `--allow-read=${paths.map((path) => path.replaceAll(",", ",,")).join(",")}`,
  ];
}

/** A question that got no answer. */
export class HostFailure extends Error {
  override readonly name = "HostFailure";
  /** What the stage's module got wrong, where it is known. */
  readonly mistake: NameMistake | undefined;

  constructor(message: string, mistake?: NameMistake) {
    super(message);
    this.mistake = mistake;
  }
}

/** The process; it ends with its input. */
export class HostedModule implements AsyncDisposable {
  readonly #process: Process;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: AsyncGenerator<string>;
  readonly #errors: Promise<void>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(flags: readonly string[]) {
    const args = ["run", "--quiet", "--no-prompt", ...flags, program];
    this.#process = startProcess(Deno.execPath(), args);
    this.#input = this.#process.stdin.getWriter();
    this.#answers = messages(this.#process.stdout);
    this.#errors = this.#process.stderr.pipeTo(new WritableStream());
  }

  /** Asks one question after the other. @throws {HostFailure} */
  ask(question: HostQuestion): Promise<unknown> {
    const asked = this.#last.then(() => this.#askNow(question));
    this.#last = asked.catch(() => {});
    return asked;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill();
    await this.#input.close().catch(() => {});
    await Promise.allSettled([this.#process.status, this.#errors, this.#answers.return(undefined)]);
  }

  async #askNow(question: HostQuestion): Promise<unknown> {
    const timer = setTimeout(() => this.#kill(), answerMs);
    const began = performance.now();
    try {
      this.#input.write(new TextEncoder().encode(`${JSON.stringify(question)}\n`)).catch(() => {});
      const { value, done } = await this.#answers.next();
      if (done || value === undefined) throw new HostFailure(ending(performance.now() - began));
      const { value: answer = null, mistake } = (JSON.parse(value) ?? {}) as HostAnswer;
      if (mistake === undefined) return answer;
      throw new HostFailure("", readMistake(mistake));
    } catch (error) {
      if (error instanceof SyntaxError) {
        throw new HostFailure("gives an answer that cannot be read");
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #kill(): void {
    try {
      this.#process.kill("SIGKILL");
    } catch (error) {
      // It has ended already.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** What a process says that is not ours may have any form. */
function readMistake({ cause, notes }: NameMistake): NameMistake {
  return { cause: String(cause), notes: Array.isArray(notes) ? notes.map(String) : [] };
}

function ending(ms: number): string {
  return ms >= answerMs
    ? `does not describe itself within ${answerMs / 1000} s`
    : `ends before it describes itself, or needs more than ${heapMiB} MiB of memory`;
}

/** The messages among the lines of a stream; a stream without end is left. */
async function* messages(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream() as never)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const { message } = splitLine(line);
      if (message !== undefined) yield message;
    }
    if (rest.length > longestAnswer) return;
  }
}
