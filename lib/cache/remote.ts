import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { fileRemote } from "./file_remote.ts";
import { httpRemote } from "./http_remote.ts";

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
  /** Sent to `https:` remotes as a bearer token. */
  readonly token?: string;
}

type Open = (url: URL, options: RemoteOptions) => Remote | Promise<Remote>;

const PROTOCOLS: Readonly<Record<string, Open>> = {
  "file:": fileRemote,
  "http:": httpRemote,
  "https:": httpRemote,
  // Loaded only where it is used, as the client is.
  "s3:": async (url) => (await import("./s3_remote.ts")).s3Remote(url),
};

/**
 * Opens a remote by its URL.
 *
 * @throws {DiagnosticError} `unknown-remote`, if the URL is none or of another kind.
 */
export async function openRemote(url: string, options: RemoteOptions = {}): Promise<Remote> {
  const parsed = URL.canParse(url) ? new URL(url.endsWith("/") ? url : `${url}/`) : undefined;
  const open = parsed && PROTOCOLS[parsed.protocol];
  if (parsed !== undefined && open !== undefined) return await open(parsed, options);
  const message = `Cannot open remote cache "${url}": it is no URL of a known kind`;
  const notes = ["A remote is file:///FOLDER, https://… or s3://BUCKET/PREFIX"];
  throw new DiagnosticError([{ code: "unknown-remote", severity: "error", message, notes }]);
}

/** Bytes of what is to be written. */
export function bodyBytes(body: RemoteBody): number {
  return typeof body === "string" ? Deno.statSync(body).size : body.length;
}
