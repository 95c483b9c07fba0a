/** A process that has loaded one stage module and answers questions on it. @module */
import { fromFileUrl } from "@std/path";
import type { NameMistake } from "../pipeline/plan/plan.ts";
import { readLines } from "../trust/read_lines.ts";
import { RECORD, splitLine } from "./message.ts";
import { type Process, startProcess } from "./process.ts";
import type { HostAnswer, HostQuestion } from "./stage_host_process.ts";

/** How long an answer may take, loading included. */
const answerMs = 10_000;

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
    // Deno divides paths at commas: such a module is described once it is trusted.
    `--allow-read=${paths.filter((path) => !path.includes(",")).join(",")}`,
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
  readonly #errors: Promise<void>;
  readonly #listening: Promise<void>;
  /** Where the next answer goes; absent if nothing is asked. */
  #asked: PromiseWithResolvers<HostAnswer> | undefined;
  /** What the process had to say when it had to end. */
  #lastWord: HostAnswer | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(flags: readonly string[]) {
    const args = ["run", "--quiet", "--no-prompt", ...flags, program];
    this.#process = startProcess(Deno.execPath(), args);
    this.#input = this.#process.stdin.getWriter();
    this.#listening = this.#listen();
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
    await Promise.allSettled([this.#process.status, this.#errors, this.#listening]);
  }

  async #askNow(question: HostQuestion): Promise<unknown> {
    const timer = setTimeout(() => this.#kill(), answerMs);
    const began = performance.now();
    try {
      const asked = this.#asked = Promise.withResolvers<HostAnswer>();
      const line = `${RECORD}${JSON.stringify(question)}\n`;
      this.#input.write(new TextEncoder().encode(line)).catch(() => {});
      const ended = this.#listening.then(() => this.#lastWord);
      const answer = await Promise.race([asked.promise, ended]);
      if (answer === undefined) throw new HostFailure(ending(performance.now() - began));
      if (answer.mistake === undefined) return answer.value ?? null;
      throw new HostFailure("", readMistake(answer.mistake));
    } finally {
      clearTimeout(timer);
      this.#asked = undefined;
    }
  }

  /**
   * Hears the process also where nothing is asked. One that has to end is ended, and so is one that
   * speaks without being asked.
   */
  async #listen(): Promise<void> {
    for await (const line of readLines(this.#process.stdout, { messageStart: RECORD })) {
      const { message } = splitLine(line);
      if (message === undefined) continue;
      const asked = this.#asked;
      this.#asked = undefined;
      const answer = readAnswer(message);
      if (answer?.isLast === true) this.#lastWord = answer;
      if (answer?.isLast === true || asked === undefined) return this.#kill();
      if (answer !== undefined) asked.resolve(answer);
      else asked.reject(new HostFailure("gives an answer that cannot be read"));
    }
    this.#kill();
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

/** @returns `undefined` if it is no answer. */
function readAnswer(text: string): HostAnswer | undefined {
  try {
    return (JSON.parse(text) ?? {}) as HostAnswer;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** What a process says that is not ours may have any form. */
function readMistake(told: unknown): NameMistake {
  const { cause, notes } = Object(told) as Partial<Record<keyof NameMistake, unknown>>;
  return { cause: textOf(cause), notes: Array.isArray(notes) ? notes.map(textOf) : [] };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value) ?? "no cause";
}

function ending(ms: number): string {
  return ms >= answerMs
    ? `does not describe itself within ${answerMs / 1000} s`
    : `ends before it describes itself, or needs more than ${heapMiB} MiB of memory`;
}
