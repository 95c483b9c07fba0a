/** Decides whether a failed request to a remote is tried again, and when. @module */

import { delay } from "@std/async/delay";
import { isSystemError } from "../disk/system_error.ts";

/** Why a request failed, as far as trying again is concerned. */
export interface FailureOptions {
  readonly cause?: unknown;
  /** Whether the same request may succeed a moment later. */
  readonly isTransient?: boolean;
  /** How long the remote wants to be left alone. */
  readonly retryAfterMs?: number | undefined;
  /** What can be done about it. */
  readonly notes?: readonly string[];
}

/** A remote that could not be reached, refused, broke off or kept silent. */
export class RemoteFailure extends Error {
  override readonly name = "RemoteFailure";
  readonly isTransient: boolean;
  readonly retryAfterMs: number | undefined;
  readonly notes: readonly string[];

  constructor(message: string, options: FailureOptions = {}) {
    super(message, { cause: options.cause });
    this.isTransient = options.isTransient ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.notes = options.notes ?? [];
  }
}

/** How patient to be with a remote, and what a test wants to decide itself. */
export interface RetryOptions {
  /** How long to go on trying without getting anywhere. */
  readonly patienceMs: number;
  /** Ends the tries. */
  readonly signal?: AbortSignal | undefined;
  /** How far the work has come: tries that get further do not count. */
  readonly progress?: () => number;
  /** Uniform in [0, 1); default `Math.random`. */
  readonly random?: () => number;
}

/** Tries without progress. */
const ATTEMPTS = 4;
const BACKOFF_MS = { first: 250, longest: 5000 };

/**
 * Does something with a remote, and again after a pause where that may help. The pauses grow, and
 * are random so that many clients do not come back all at once. Each try gets a third of the
 * patience to begin to answer: a request that got lost is sent again.
 *
 * @param attempt Is given how long to wait for an answer.
 * @throws {RemoteFailure} The last failure; other errors as they are.
 */
export async function retrying<T>(
  attempt: (answerMs: number) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const { patienceMs, signal, progress = () => 0, random = Math.random } = options;
  let [tries, reached, sinceMs] = [0, progress(), performance.now()];
  for (;;) {
    try {
      signal?.throwIfAborted();
      return await attempt(patienceMs / 3);
    } catch (error) {
      if (!(error instanceof RemoteFailure)) throw error;
      if (progress() > reached) [tries, reached, sinceMs] = [0, progress(), performance.now()];
      tries += 1;
      const pauseMs = error.retryAfterMs ?? backoffMs(tries, random);
      const isOver = performance.now() - sinceMs + pauseMs >= patienceMs;
      if (!error.isTransient || tries >= ATTEMPTS || isOver) throw error;
      await delay(pauseMs, signal && { signal });
    }
  }
}

function backoffMs(tries: number, random: () => number): number {
  const most = Math.min(BACKOFF_MS.longest, BACKOFF_MS.first * 2 ** (tries - 1));
  return most / 2 + random() * most / 2;
}

/**
 * The cause of a failed request: `fetch` throws a TypeError for anything that goes wrong on the
 * way, and a stream may break likewise. Errors that say nothing of a remote are thrown.
 */
export function failureOf(error: unknown): RemoteFailure {
  if (error instanceof RemoteFailure) return error;
  const isTransient = error instanceof TypeError || error instanceof Deno.errors.Http ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.UnexpectedEof ||
    (error instanceof DOMException && error.name === "TimeoutError");
  if (!isTransient && !isSystemError(error) && !(error instanceof DOMException)) throw error;
  return new RemoteFailure(innermost(error as Error), { cause: error, isTransient });
}

/** `fetch failed` says nothing: what did not work is below it. */
function innermost(error: Error): string {
  const { message } = error.cause instanceof Error ? error.cause : error;
  return message.replace(/^error sending request for url \(.*?\): /, "");
}
