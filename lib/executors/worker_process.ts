/** Starts a worker process, hands it jobs, and reports how it ended. @module */
import { removeQuietly } from "../cache/disk/replace_file.ts";
import { isSystemError } from "../cache/disk/system_error.ts";
import type { SubmitOptions } from "../pipeline/contract/executor.ts";
import type { Job, JobEvent, JobResult } from "../pipeline/contract/job.ts";
import { readLines } from "../trust/read_lines.ts";
import {
  encodeMessage,
  endOfErrors,
  messageOf,
  RECORD,
  splitLine,
  type WorkerMessage,
} from "./message.ts";
import { type Process, startProcess } from "./process.ts";
import { abortReason } from "./run_job.ts";
import { CommaFree } from "./comma_free.ts";

/** How many lines of the log are shown for a task whose process died. */
const LAST_LINES = 12;

/** How long a worker without a job may take to end. */
const EXIT_MS = 2000;

/** The job a worker is at. */
interface Current {
  readonly job: Job;
  readonly options: SubmitOptions;
  readonly startMs: number;
  readonly lastLines: string[];
  readonly done: PromiseWithResolvers<JobResult>;
  result?: JobResult;
  errorsEnded: boolean;
}

/** A process that runs one job after another. */
export class WorkerProcess implements AsyncDisposable {
  readonly #temporary: string;
  readonly #names: CommaFree;
  readonly #process: Process;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #ended: Promise<void>;
  #current: Current | undefined;
  #alive = true;
  /** Module of the stage that ran last; what it loaded is still warm. */
  lastModule: string | undefined;

  /** @param flagsOf Flags of Deno, by the folder for its temporary files, and by what names paths. */
  constructor(flagsOf: (temporary: string, names: CommaFree) => readonly string[]) {
    const worker = new URL("./worker.ts", import.meta.url).href;
    this.#temporary = Deno.makeTempDirSync({ prefix: "tvp-" });
    this.#names = new CommaFree(this.#temporary);
    const flags = flagsOf(this.#temporary, this.#names);
    const args = ["run", "--quiet", "--no-prompt", ...flags, worker];
    this.#process = startProcess(Deno.execPath(), args, temporaryVariables(this.#temporary));
    this.#input = this.#process.stdin.getWriter();
    this.#ended = this.#watch();
  }

  /** Whether it can take another job. */
  get isAlive(): boolean {
    return this.#alive;
  }

  /**
   * Runs a job. After an abort the stage has `graceMs` to save its state and end, then the process
   * is killed.
   */
  async run(job: Job, options: SubmitOptions & { readonly graceMs: number }): Promise<JobResult> {
    const { signal } = options;
    const done = Promise.withResolvers<JobResult>();
    this.lastModule = job.module;
    this.#current = {
      job,
      options,
      startMs: performance.now(),
      lastLines: [],
      done,
      errorsEnded: false,
    };
    this.#send({ type: "run", job: this.#names.job(job) });
    let grace: ReturnType<typeof setTimeout> | undefined;
    const abort = () => {
      this.#send({ type: "abort", reason: abortReason(signal) });
      grace = setTimeout(() => this.kill(), options.graceMs);
    };
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    try {
      return await done.promise;
    } finally {
      clearTimeout(grace);
      signal.removeEventListener("abort", abort);
    }
  }

  /** Ends the process now. */
  kill(): void {
    this.#alive = false;
    try {
      this.#process.kill("SIGKILL");
    } catch (error) {
      // It has ended already.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#alive = false;
    await this.#input.close().catch(() => {});
    const timer = setTimeout(() => this.kill(), this.#current === undefined ? EXIT_MS : 0);
    await this.#ended;
    clearTimeout(timer);
  }

  #send(message: Parameters<typeof encodeMessage>[0]): void {
    // A process that died meanwhile is reported by its end.
    this.#input.write(encodeMessage(message)).catch(() => {});
  }

  async #watch(): Promise<void> {
    const [status, ...unread] = await Promise.all([
      this.#process.status,
      this.#killUnlessRead(this.#readOutput()),
      this.#killUnlessRead(this.#readErrors()),
    ]);
    this.#alive = false;
    removeTemporary(this.#temporary);
    await this.#input.close().catch(() => {});
    if (this.#current !== undefined) {
      this.#finish(this.#current, died(this.#current, status, unread.flat()));
    }
  }

  /** What cannot be read costs its own task, and no other. Returns why. */
  async #killUnlessRead(reading: Promise<void>): Promise<string[]> {
    try {
      await reading;
      return [];
    } catch (error) {
      this.kill();
      return [`What it printed cannot be read: ${error instanceof Error ? error.message : error}`];
    }
  }

  async #readOutput(): Promise<void> {
    for await (const line of readLines(this.#process.stdout, { messageStart: RECORD })) {
      const { printed, message } = splitLine(line);
      const told = message === undefined ? undefined : messageOf(message);
      if (told === undefined) this.#log(line);
      else {
        if (printed !== "") this.#log(printed);
        this.#receive(told);
      }
    }
  }

  async #readErrors(): Promise<void> {
    for await (const line of readLines(this.#process.stderr, { messageStart: RECORD })) {
      const { printed, message } = splitLine(line);
      const isEnd = message === endOfErrors;
      if (!isEnd || printed !== "") this.#log(isEnd ? printed : line);
      if (!isEnd || this.#current === undefined) continue;
      this.#current.errorsEnded = true;
      this.#finishIfDone(this.#current);
    }
  }

  #receive(message: WorkerMessage): void {
    if (this.#current === undefined) return;
    if (message.type === "event") return this.#tell(message.event);
    this.#current.result = message.result;
    this.#finishIfDone(this.#current);
  }

  #log(line: string): void {
    this.#tell({ type: "log", line });
  }

  #tell(event: JobEvent): void {
    const { lastLines, options } = this.#current ?? {};
    if (event.type === "log" && lastLines !== undefined) {
      lastLines.push(event.line);
      if (lastLines.length > LAST_LINES) lastLines.shift();
    }
    options?.onEvent(event);
  }

  #finishIfDone(current: Current): void {
    if (current.result !== undefined && current.errorsEnded) this.#finish(current, current.result);
  }

  #finish(current: Current, result: JobResult): void {
    this.#current = undefined;
    current.done.resolve(result);
  }
}

/** What a program has left that cannot be removed is no failure of the task. */
function removeTemporary(folder: string): void {
  try {
    removeQuietly(folder);
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

/** The variables by which programs learn the folder for temporary files. */
function temporaryVariables(folder: string): Record<string, string> {
  const names = Deno.build.os === "windows" ? ["TEMP", "TMP"] : ["TMPDIR"];
  return Object.fromEntries(names.map((name) => [name, folder]));
}

/** What a job comes to whose process has ended. */
function died(
  { job, options, startMs, lastLines }: Current,
  status: Deno.CommandStatus,
  unread: readonly string[],
): JobResult {
  const durationMs = performance.now() - startMs;
  const how = status.signal === null ? `exit code ${status.code}` : `signal ${status.signal}`;
  const message = `Cannot finish task "${job.task}": its process ended with ${how}`;
  // Only Ctrl-C or its like can have done that, and the runner is about to hear of it too.
  const isInterrupt = status.signal === "SIGINT" || status.signal === "SIGTERM";
  const { aborted } = options.signal;
  if (aborted || isInterrupt) {
    const reason = aborted ? abortReason(options.signal) : "cancelled";
    return { ok: false, durationMs, reason, message };
  }
  const notes = crashNotes(status, unread, lastLines);
  const diagnostics = [{ code: "worker-crash", severity: "error", message, notes }] as const;
  return { ok: false, durationMs, reason: "crash", message, diagnostics };
}

function crashNotes(
  status: Deno.CommandStatus,
  unread: readonly string[],
  lastLines: readonly string[],
): readonly string[] {
  const isKilled = status.signal === "SIGKILL" && unread.length === 0;
  const memory = isKilled ? ["The system may have killed it because memory ran out"] : [];
  const log = lastLines.length === 0
    ? ["It logged nothing"]
    : [`The last lines of its log:\n${lastLines.map((line) => `  ${line}`).join("\n")}`];
  return [...unread, ...memory, ...log];
}
