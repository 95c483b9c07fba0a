/** Defines a remote: a place for blobs by name. @module */

/** What is written to a remote: bytes, or the path of a file. */
export type RemoteBody = Uint8Array<ArrayBuffer> | string;

/** A blob that is open to read. */
export interface OpenedBlob {
  readonly body: ReadableStream<Uint8Array>;
  /** Which byte of the blob comes first: the one asked for, or 0 of a remote that knows no ranges. */
  readonly from: number;
}

/** How to read a blob. */
export interface ReadOptions {
  readonly signal: AbortSignal;
  /** Byte to begin with. */
  readonly from?: number;
}

/** How to write a blob. */
export interface WriteOptions {
  readonly signal: AbortSignal;
  /** How long to wait for answers on the way, where a blob is written by several requests. */
  readonly patienceMs: number;
}

/**
 * A place for named blobs that other machines see. What it answers is never trusted. Each call is
 * one try: who calls decides what is tried again.
 */
export interface Remote {
  /** For people: without passwords. */
  readonly url: string;
  /** Opens a blob to read; `undefined` if there is none. */
  open(name: string, options: ReadOptions): Promise<OpenedBlob | undefined>;
  /** What is known of a blob without reading it; `undefined` if there is none. */
  stat(
    name: string,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly bytes?: number } | undefined>;
  /** Writes a blob, so that others see the old one or all of the new one. */
  write(name: string, body: RemoteBody, options: WriteOptions): Promise<void>;
}

/** What a remote needs to know besides its URL. */
export interface RemoteOptions {
  /** Sent as a bearer token over `https:` and to this machine, never in clear. */
  readonly token?: string;
}

/** The number of bytes that will be written. */
export function bodyBytes(body: RemoteBody): number {
  return typeof body === "string" ? Deno.statSync(body).size : body.length;
}
