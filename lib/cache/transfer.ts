import { createHash } from "node:crypto";
import type { Digest } from "../pipeline/key.ts";
import type { Remote, RemoteBody } from "./remote.ts";

/** How long a remote may take to answer, or to send the next piece. */
const PATIENCE_MS = 15_000;

/** A remote that sent something else than it should have. */
export class TransferError extends Error {
  override readonly name = "TransferError";
}

/** A remote that could not be reached, refused, broke off or kept silent. */
export class RemoteFailure extends Error {
  override readonly name = "RemoteFailure";

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** How to talk to a remote. */
export interface TransferOptions {
  readonly patienceMs?: number;
}

/** Reads a small blob. @throws {TransferError} If it is larger than `limitBytes`. */
export async function readBlob(
  remote: Remote,
  name: string,
  options: TransferOptions & { readonly limitBytes: number },
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const parts: Uint8Array[] = [];
  const found = await receive(remote, name, { ...options, take: (part) => void parts.push(part) });
  if (!found) return undefined;
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

/**
 * Downloads a blob that is named by its digest to a file.
 *
 * @throws {TransferError} If it is missing, or not the one it is said to be.
 */
export async function download(
  remote: Remote,
  expected: { readonly digest: Digest; readonly bytes: number },
  options: TransferOptions & { readonly to: string },
): Promise<void> {
  const name = `objects/${expected.digest}`;
  const hash = createHash("sha256");
  using file = Deno.openSync(options.to, { write: true, createNew: true });
  const take = (part: Uint8Array) => {
    hash.update(part);
    for (let at = 0; at < part.length;) at += file.writeSync(part.subarray(at));
  };
  if (!await receive(remote, name, { ...options, limitBytes: expected.bytes, take })) {
    throw new TransferError(`${name} is missing`);
  }
  if (hash.digest("hex") !== expected.digest) throw new TransferError(`${name} has other bytes`);
}

/** Uploads a blob, unless `unlessThere` and the remote has one of that name. */
export async function upload(
  remote: Remote,
  name: string,
  options: TransferOptions & { readonly body: RemoteBody; readonly unlessThere?: boolean },
): Promise<void> {
  // A large file may take long: what is limited is the whole, generously, as nothing tells progress.
  const bytes = typeof options.body === "string"
    ? Deno.statSync(options.body).size
    : options.body.length;
  const patienceMs = options.patienceMs ?? PATIENCE_MS;
  const signal = AbortSignal.timeout(patienceMs + bytes / SLOWEST_BYTES_PER_MS);
  try {
    if (options.unlessThere && await remote.has(name, AbortSignal.timeout(patienceMs))) return;
    await remote.write(name, options.body, signal);
  } catch (error) {
    throw new RemoteFailure(error);
  }
}

/** 100 kB a second. */
const SLOWEST_BYTES_PER_MS = 100;

interface Receive extends TransferOptions {
  readonly limitBytes: number;
  readonly take: (part: Uint8Array) => void;
}

async function receive(remote: Remote, name: string, options: Receive): Promise<boolean> {
  const { limitBytes, take, patienceMs = PATIENCE_MS } = options;
  let bytes = 0;
  for await (const part of parts(remote, name, patienceMs)) {
    if (part === undefined) return false;
    bytes += part.length;
    if (bytes > limitBytes) throw new TransferError(`${name} is longer than ${limitBytes} bytes`);
    take(part);
  }
  return true;
}

/** The pieces of a blob, or `undefined` alone where there is none. */
async function* parts(
  remote: Remote,
  name: string,
  patienceMs: number,
): AsyncGenerator<Uint8Array | undefined> {
  const controller = new AbortController();
  const giveUp = () =>
    controller.abort(new DOMException(`no answer for ${patienceMs} ms`, "TimeoutError"));
  let timer = setTimeout(giveUp, patienceMs);
  try {
    const stream = await remote.open(name, controller.signal);
    if (stream === undefined) return yield undefined;
    for await (const part of stream) {
      clearTimeout(timer);
      yield part;
      timer = setTimeout(giveUp, patienceMs);
    }
  } catch (error) {
    throw new RemoteFailure(error);
  } finally {
    clearTimeout(timer);
  }
}
