/**
 * The messages between a runner and its worker processes: JSON text sequences (RFC 7464).
 *
 * @module
 */
import type { Job, JobEvent, JobResult } from "../pipeline/contract/job.ts";

/** To a worker. Workers run one job at a time. */
export type WorkerCommand =
  | { readonly type: "run"; readonly job: Job }
  | { readonly type: "abort"; readonly reason: "cancelled" | "timeout" };

/** From a worker. */
export type WorkerMessage =
  | { readonly type: "event"; readonly event: JobEvent }
  | { readonly type: "result"; readonly result: JobResult };

/** What the main thread of a worker hears from the one that reads its standard input. */
export type InputMessage = WorkerCommand | { readonly type: "end" };

/** The value of the word that both share after an abort; 0 before. */
export const abortWords = { cancelled: 1, timeout: 2 } as const;

/** Starts a message; what a line has before it, and a line without it, was printed by the stage. */
const RECORD = "\x1e";

/** Written to a worker's standard error after each job: what comes later belongs to the next. */
export const END_OF_JOB: Uint8Array<ArrayBuffer> = new TextEncoder().encode(`${RECORD}end\n`);

/** A message as the line to send. */
export function encodeMessage(message: WorkerCommand | WorkerMessage): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${RECORD}${JSON.stringify(message)}\n`);
}

/** Splits a line into what a program printed and the text of the message that follows it. */
export function splitLine(line: string): { printed: string; message: string | undefined } {
  const at = line.indexOf(RECORD);
  if (at === -1) return { printed: line, message: undefined };
  return { printed: line.slice(0, at), message: line.slice(at + 1) };
}
