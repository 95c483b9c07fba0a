/** A worker process that is started again after a crash or a time-out. @module */
import { fromFileUrl } from "@std/path";
import type { Provider } from "../../../lib/runtime/provider.ts";
import type { CaseFolder, CaseResult, Outcome } from "./case.ts";
import { answerMark } from "./worker.ts";

/** What runs the cases, and for how long. */
export interface WorkerOptions {
  /** Seconds a case may take. */
  readonly limitSeconds?: number;
  /** Device of the sessions; default cpu. */
  readonly provider?: Provider;
  /** The program of the process; it speaks as `worker.ts` does. */
  readonly program?: URL;
}

/** Runs cases one at a time in a process of its own. */
export class CaseWorker implements AsyncDisposable {
  #process: Deno.ChildProcess | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #reader: ReadableStreamDefaultReader<string> | undefined;
  #rest = "";
  readonly #limitSeconds: number;
  readonly #program: URL;
  readonly #provider: Provider;

  constructor(options: WorkerOptions = {}) {
    this.#limitSeconds = options.limitSeconds ?? 30;
    this.#program = options.program ?? new URL("./worker.ts", import.meta.url);
    this.#provider = options.provider ?? "cpu";
  }

  /** Runs a case; whatever happens to the process is the outcome of the case. */
  async run(folder: CaseFolder): Promise<CaseResult> {
    this.#start();
    const line = JSON.stringify(folder) + "\n";
    const { promise: late, resolve } = Promise.withResolvers<string>();
    const limit = this.#limitSeconds * (folder.level === "directory" ? 4 : 1);
    const timer = setTimeout(() => resolve(`took more than ${limit} s`), limit * 1000);
    try {
      await this.#writer!.write(new TextEncoder().encode(line));
      const answer = await Promise.race([this.#answer(), late]);
      if (typeof answer !== "string") return { case: folder.name, level: folder.level, ...answer };
      await this.#stop();
      return failed(folder, answer);
    } catch (error) {
      await this.#stop();
      return failed(folder, `the process ended: ${error instanceof Error ? error.message : error}`);
    } finally {
      clearTimeout(timer);
    }
  }

  #start(): void {
    if (this.#process !== undefined) return;
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", fromFileUrl(this.#program), this.#provider],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    });
    this.#process = command.spawn();
    this.#writer = this.#process.stdin.getWriter();
    this.#reader = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#rest = "";
  }

  async #answer(): Promise<Outcome | string> {
    while (true) {
      const start = this.#rest.indexOf(answerMark);
      const end = start < 0 ? -1 : this.#rest.indexOf("\n", start);
      if (end >= 0) {
        const answer = JSON.parse(this.#rest.slice(start + answerMark.length, end));
        this.#rest = this.#rest.slice(end + 1);
        return answer;
      }
      const { value, done } = await this.#reader!.read();
      if (done) return await this.#death();
      this.#rest += value;
    }
  }

  async #death(): Promise<string> {
    const status = await this.#process!.status;
    return `the process ended with ${status.signal ?? `code ${status.code}`}`;
  }

  async #stop(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    if (process === undefined) return;
    try {
      process.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#writer?.abort().catch(() => {});
    await this.#reader?.cancel().catch(() => {});
    await process.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }
}

function failed(folder: CaseFolder, error: string): CaseResult {
  return { case: folder.name, level: folder.level, ok: false, forward: null, grad: null, error };
}
