import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { fileRemote } from "./file_remote.ts";
import { httpRemote } from "./http_remote.ts";

/** What is written to a remote: bytes, or the path of a file. */
export type RemoteBody = Uint8Array<ArrayBuffer> | string;

/** A place for named blobs that other machines see. What it answers is never trusted. */
export interface Remote {
  readonly url: string;
  /** Opens a blob to read; `undefined` if there is none. */
  open(name: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array> | undefined>;
  has(name: string, signal: AbortSignal): Promise<boolean>;
  /** Writes a blob, so that others see the old one or all of the new one. */
  write(name: string, body: RemoteBody, signal: AbortSignal): Promise<void>;
}

/** What a remote needs to know besides its URL. */
export interface RemoteOptions {
  /** Sent to `https:` remotes as a bearer token. */
  readonly token?: string;
}

const PROTOCOLS: Readonly<Record<string, (url: URL, options: RemoteOptions) => Remote>> = {
  "file:": fileRemote,
  "http:": httpRemote,
  "https:": httpRemote,
};

/**
 * Opens a remote by its URL.
 *
 * @throws {DiagnosticError} `unknown-remote`, if the URL is none or of another kind.
 */
export function openRemote(url: string, options: RemoteOptions = {}): Remote {
  const parsed = URL.canParse(url) ? new URL(url.endsWith("/") ? url : `${url}/`) : undefined;
  const open = parsed && PROTOCOLS[parsed.protocol];
  if (parsed !== undefined && open !== undefined) return open(parsed, options);
  const message = `Cannot open remote cache "${url}": it is no URL of a known kind`;
  const notes = ["A remote is file:///FOLDER, http://… or https://…"];
  throw new DiagnosticError([{ code: "unknown-remote", severity: "error", message, notes }]);
}
