/**
 * A worker process: takes jobs from its standard input, one at a time, and reports on its standard
 * output. It ends when its input ends, so it never outlives its runner.
 *
 * @module
 */
import type { Job, JobEvent } from "../pipeline/contract/job.ts";
import type { Progress } from "../pipeline/contract/stage.ts";
import {
  abortWords,
  encodeMessage,
  END_OF_JOB,
  type InputMessage,
  type WorkerMessage,
} from "./message.ts";
import { runJob, type RunOptions, TimeoutReason } from "./run_job.ts";

/** Shortest time between two reports of progress. */
const PROGRESS_MS = 50;

/** Ctrl-C reaches the whole process group; only the runner decides what it means. */
const IGNORED = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Whether the run was aborted, as the input thread knows before this one gets to hear of it. */
const aborted = new Int32Array(new SharedArrayBuffer(4));

function serve(): void {
  const thread = new Worker(new URL("./worker_input.ts", import.meta.url), { type: "module" });
  let controller = new AbortController();
  let job: Job | undefined;
  const abort = () => {
    if (aborted[0] !== 0) controller.abort(abortError(aborted[0] === abortWords.timeout, job));
  };
  thread.onmessage = ({ data: command }: MessageEvent<InputMessage>) => {
    if (command.type === "abort") return abort();
    if (command.type === "end") {
      // The runner is gone: programs that a stage has started are not to go on without it.
      controller.abort(abortError(false, job));
      Deno.exit(0);
    }
    controller = new AbortController();
    job = command.job;
    void work(job, { signal: controller.signal, poll: abort });
  };
  thread.postMessage(aborted);
}

function abortError(isTimeout: boolean, job: Job | undefined): DOMException {
  if (isTimeout && job !== undefined) return new TimeoutReason(job.task, job.timeoutMs ?? 0);
  return new DOMException("The run was interrupted", "AbortError");
}

async function work(job: Job, options: Pick<RunOptions, "signal" | "poll">): Promise<void> {
  const progress = new ProgressFilter();
  const result = await runJob(job, { ...options, onEvent: (event) => progress.tell(event) });
  progress.flush();
  send({ type: "result", result });
  writeAll(Deno.stderr, END_OF_JOB);
}

/** Drops progress that nobody could read, but never the last. */
class ProgressFilter {
  #waiting: Progress | undefined;
  #toldMs = -Infinity;

  tell(event: JobEvent): void {
    if (event.type === "progress") this.#waiting = event.progress;
    if (event.type !== "progress" || performance.now() - this.#toldMs >= PROGRESS_MS) this.flush();
    if (event.type !== "progress") send({ type: "event", event });
  }

  flush(): void {
    if (this.#waiting === undefined) return;
    send({ type: "event", event: { type: "progress", progress: this.#waiting } });
    this.#waiting = undefined;
    this.#toldMs = performance.now();
  }
}

function send(message: WorkerMessage): void {
  writeAll(Deno.stdout, encodeMessage(message));
}

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += stream.writeSync(bytes.subarray(written));
}

if (import.meta.main) {
  for (const signal of IGNORED) Deno.addSignalListener(signal, () => {});
  serve();
}
