/** Says what the answers of HTTP servers mean. @module */
import type { OpenedBlob } from "./remote.ts";
import { type FailureOptions, RemoteFailure } from "./retry.ts";

/** Statuses that may be gone a moment later. */
const TRANSIENT: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Answers are wanted as they are stored: a length of packed bytes would not be the blob's. */
export const PLAIN: Readonly<Record<string, string>> = { "accept-encoding": "identity" };

/** A failure by an answer's status and headers. */
export function refusal(
  response: Response,
  message: string,
  options: FailureOptions = {},
): RemoteFailure {
  const isTransient = TRANSIENT.has(response.status);
  return new RemoteFailure(message, {
    isTransient,
    ...(isTransient ? { retryAfterMs: retryAfterMs(response) } : {}),
    ...options,
  });
}

/** `Retry-After: 3` or a date. */
function retryAfterMs({ headers }: Response): number | undefined {
  const text = headers.get("retry-after");
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** The body of an answer to a `GET`, and where in the blob it begins. */
export function openedBlob(response: Response): OpenedBlob {
  const start = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
  const from = response.status === 206 && start !== undefined ? Number(start) : 0;
  return { body: response.body ?? new Blob().stream(), from };
}

/** Headers that ask for what follows byte `from`. */
export function rangeHeaders(from: number): Readonly<Record<string, string>> {
  return from === 0 ? {} : { range: `bytes=${from}-` };
}

/** Size of a blob by the answer to a `HEAD`. */
export function statOf({ headers }: Response): { readonly bytes?: number } {
  const length = headers.get("content-length");
  return length !== null && /^\d{1,15}$/.test(length) ? { bytes: Number(length) } : {};
}
