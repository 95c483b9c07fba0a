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
export const RECORD = "\x1e";

/** The message on a worker's standard error after each job: what comes later belongs to the next. */
export const endOfErrors = "end";

/** It as the line to send. */
export const END_OF_JOB: Uint8Array<ArrayBuffer> = new TextEncoder().encode(
  `${RECORD}${endOfErrors}\n`,
);

/** A message as the line to send. */
export function encodeMessage(message: WorkerCommand | WorkerMessage): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${RECORD}${JSON.stringify(message)}\n`);
}

/**
 * Splits a line into what a program printed and the text of the message that follows it. A program may
 * print anything; a message has no record separator inside.
 */
export function splitLine(line: string): { printed: string; message: string | undefined } {
  const at = line.lastIndexOf(RECORD);
  if (at === -1) return { printed: line, message: undefined };
  return { printed: line.slice(0, at), message: line.slice(at + 1) };
}

/** What a worker said; `undefined` if it is something else, which a program has printed. */
export function messageOf(text: string): WorkerMessage | undefined {
  const message = fieldsOf(parse(text));
  const told = fieldsOf(message[String(message.type)]);
  const isMessage = message.type === "result" && isResult(told) ||
    message.type === "event" && isEvent(told);
  return isMessage ? message as unknown as WorkerMessage : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** What an event has to have, by its type. */
const events = {
  progress: ({ progress }) => {
    const { done, total, unit } = fieldsOf(progress);
    return typeof done === "number" && typeof total === "number" && typeof unit === "string";
  },
  log: ({ line }) => typeof line === "string",
  checkpoint: ({ bytes }) => typeof bytes === "number",
  resumed: () => true,
  queue: () => false, // Only a cluster has one.
} satisfies Record<JobEvent["type"], (event: Fields) => boolean>;

function isEvent(event: Fields): boolean {
  const type = String(event.type);
  return Object.hasOwn(events, type) && events[type as JobEvent["type"]](event);
}

function isResult({ ok, durationMs, host, reason, message }: Fields): boolean {
  if (typeof durationMs !== "number") return false;
  return ok === true
    ? typeof fieldsOf(host).versions === "object"
    : ok === false && typeof reason === "string" && typeof message === "string";
}

/** The fields of an object; none of anything else. */
function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? value as Fields : {};
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
