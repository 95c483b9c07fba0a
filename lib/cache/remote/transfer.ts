/** Sends and receives blobs within limits of size and time. @module */
import { createHash } from "node:crypto";
import { abortable } from "@std/async/abortable";
import type { Digest } from "../../pipeline/contract/key.ts";
import { bodyBytes, type OpenedBlob, type Remote, type RemoteBody } from "./remote.ts";
import { failureOf, RemoteFailure, retrying } from "./retry.ts";

/** How long a remote may take without getting anywhere. */
const PATIENCE_MS = 10_000;

/** 20 kB a second: a slower connection is given up. */
const SLOWEST_BYTES_PER_MS = 20;

/** A remote that sent something else than it should have. */
export class TransferError extends Error {
  override readonly name = "TransferError";
}

/** How to talk to a remote. */
export interface TransferOptions {
  readonly patienceMs?: number;
  /** Ends all transfers. */
  readonly signal?: AbortSignal;
}

/** How long it may take to send a number of bytes. */
export function uploadMs(bytes: number, patienceMs: number): number {
  return patienceMs + bytes / SLOWEST_BYTES_PER_MS;
}

/** Reads a small blob. @throws {TransferError} If it is larger than `limitBytes`. */
export async function readBlob(
  remote: Remote,
  name: string,
  options: TransferOptions & { readonly limitBytes: number },
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const parts: Uint8Array[] = [];
  const sink = {
    bytes: 0,
    take(part: Uint8Array) {
      parts.push(part);
      sink.bytes += part.length;
    },
    restart() {
      parts.length = sink.bytes = 0;
    },
  };
  if (!await receive(remote, name, { ...options, sink })) return undefined;
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

/**
 * Downloads a blob that is named by its digest to a file. What has arrived before a connection
 * breaks is not asked for again.
 *
 * @throws {TransferError} If it is missing, or its content is not the expected one.
 */
export async function download(
  remote: Remote,
  expected: { readonly digest: Digest; readonly bytes: number },
  options: TransferOptions & { readonly to: string },
): Promise<void> {
  const name = `objects/${expected.digest}`;
  using file = Deno.openSync(options.to, { write: true, createNew: true });
  let hash = createHash("sha256");
  const sink = {
    bytes: 0,
    take(part: Uint8Array) {
      hash.update(part);
      for (let at = 0; at < part.length;) at += file.writeSync(part.subarray(at));
      sink.bytes += part.length;
    },
    restart() {
      file.truncateSync(0);
      file.seekSync(0, Deno.SeekMode.Start);
      hash = createHash("sha256");
      sink.bytes = 0;
    },
  };
  if (!await receive(remote, name, { ...options, limitBytes: expected.bytes, sink })) {
    throw new TransferError(`${name} is missing`);
  }
  if (hash.digest("hex") !== expected.digest) throw new TransferError(`${name} has other bytes`);
}

/** Uploads a blob, unless `unlessThere` and the remote has one of that name and size. */
export async function upload(
  remote: Remote,
  name: string,
  options: TransferOptions & { readonly body: RemoteBody; readonly unlessThere?: boolean },
): Promise<void> {
  const { body, patienceMs = PATIENCE_MS } = options;
  const bytes = bodyBytes(body);
  if (options.unlessThere && await isThere(remote, name, { ...options, bytes })) return;
  const wholeMs = uploadMs(bytes, patienceMs);
  await request(
    (signal) => remote.write(name, body, { signal, patienceMs }),
    { ...options, patienceMs: wholeMs },
    () => uploadMs(bytes, patienceMs / 3),
  );
}

async function isThere(
  remote: Remote,
  name: string,
  options: TransferOptions & { readonly bytes: number },
): Promise<boolean> {
  const found = await request((signal) => remote.stat(name, { signal }), options);
  return found !== undefined && (found.bytes ?? options.bytes) === options.bytes;
}

/** One request of a remote, tried again where that may help; each try gets `tryMs`. */
function request<T>(
  send: (signal: AbortSignal) => Promise<T>,
  { patienceMs = PATIENCE_MS, signal }: TransferOptions,
  tryMs: (answerMs: number) => number = (answerMs) => answerMs,
): Promise<T> {
  const attempt = async (answerMs: number) => {
    const limit = AbortSignal.timeout(tryMs(answerMs));
    const own = signal === undefined ? limit : AbortSignal.any([signal, limit]);
    try {
      return await abortable(send(own), own);
    } catch (error) {
      throw failureOf(error);
    }
  };
  return retrying(attempt, { patienceMs, signal });
}

/** Where pieces of a blob go; on a file that has what came before, reading goes on. */
export interface Sink {
  readonly bytes: number;
  /** @throws {TransferError} If it is not what should come. */
  take(part: Uint8Array): void | Promise<void>;
  /** The blob comes from its beginning again. */
  restart(): void;
}

/** How a blob is received. */
export interface Receive extends TransferOptions {
  readonly limitBytes: number;
  readonly sink: Sink;
}

/**
 * Receives a blob piece by piece. Returns whether there is one.
 *
 * @throws {TransferError} If the blob is longer than it may be, or breaks off.
 */
export async function receive(remote: Remote, name: string, options: Receive): Promise<boolean> {
  const { limitBytes, sink, signal, patienceMs = PATIENCE_MS } = options;
  const startMs = performance.now();
  const attempt = async (answerMs: number) => {
    for await (const part of parts(remote, name, { answerMs, sink, signal })) {
      if (part === undefined) return false;
      if (sink.bytes + part.length > limitBytes) {
        throw new TransferError(`${name} is longer than ${limitBytes} bytes`);
      }
      await sink.take(part);
      if (performance.now() - startMs > uploadMs(sink.bytes, patienceMs)) {
        throw new RemoteFailure(`the server sends ${name} too slowly`);
      }
    }
    return true;
  };
  return await retrying(attempt, { patienceMs, signal, progress: () => sink.bytes });
}

interface Parts {
  readonly answerMs: number;
  readonly sink: Sink;
  readonly signal: AbortSignal | undefined;
}

/** The pieces of a blob that the sink lacks, or `undefined` alone where there is no blob. */
async function* parts(
  remote: Remote,
  name: string,
  { answerMs, sink, signal }: Parts,
): AsyncGenerator<Uint8Array | undefined> {
  const silence = new Silence(answerMs, signal);
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  try {
    const opened = await abortable(
      remote.open(name, { signal: silence.signal, from: sink.bytes }),
      silence.signal,
    );
    if (opened === undefined) return yield undefined;
    reader = readFrom(opened, name, sink);
    for (;;) {
      silence.wait();
      const { done, value } = await abortable(reader.read(), silence.signal);
      silence.stop();
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw error instanceof TransferError ? error : failureOf(error);
  } finally {
    silence.stop();
    reader?.cancel().catch(() => {});
  }
}

function readFrom(
  { body, from }: OpenedBlob,
  name: string,
  sink: Sink,
): ReadableStreamDefaultReader<Uint8Array> {
  if (from === 0 && sink.bytes > 0) sink.restart();
  if (from === sink.bytes) return body.getReader();
  body.cancel().catch(() => {});
  throw new TransferError(`${name} comes from byte ${from} instead of ${sink.bytes}`);
}

/** A signal that is aborted when nothing happens for a while. */
class Silence {
  readonly #controller = new AbortController();
  readonly #limitMs: number;
  readonly signal: AbortSignal;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(limitMs: number, signal: AbortSignal | undefined) {
    this.#limitMs = limitMs;
    this.signal = signal === undefined
      ? this.#controller.signal
      : AbortSignal.any([signal, this.#controller.signal]);
    this.wait();
  }

  wait(): void {
    this.stop();
    const message = `no answer for ${Math.round(this.#limitMs)} ms`;
    const giveUp = () => this.#controller.abort(new DOMException(message, "TimeoutError"));
    this.#timer = setTimeout(giveUp, this.#limitMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
