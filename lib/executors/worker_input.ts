/**
 * The thread of a worker process that reads its standard input: a stage that computes without a pause
 * keeps the main thread from hearing that it should stop, or that its runner is gone.
 *
 * @module
 */
import { readLines } from "../trust/read_lines.ts";
import { abortWords, type InputMessage, RECORD, splitLine, type WorkerCommand } from "./message.ts";

/** How long the main thread may take to end after its runner has. */
const END_MS = 500;

interface Thread {
  onmessage: ((event: MessageEvent<Int32Array>) => void) | null;
  postMessage(message: InputMessage): void;
}

async function read(thread: Thread, aborted: Int32Array): Promise<void> {
  for await (const line of readLines(Deno.stdin.readable, { messageStart: RECORD })) {
    const { message } = splitLine(line);
    if (message === undefined) continue;
    const command = JSON.parse(message) as WorkerCommand;
    Atomics.store(aborted, 0, abortedBy(command));
    thread.postMessage(command);
  }
  thread.postMessage({ type: "end" });
  setTimeout(() => Deno.kill(Deno.pid, "SIGKILL"), END_MS);
}

function abortedBy(command: WorkerCommand): number {
  return command.type === "abort" ? abortWords[command.reason] : 0;
}

const thread = globalThis as unknown as Thread;
thread.onmessage = ({ data }) => void read(thread, data);
