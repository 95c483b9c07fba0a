/** Opens remotes by their URLs. @module */
import { DiagnosticError } from "../../diagnostic/diagnostic.ts";
import { shownUrl } from "../../trust/urls.ts";
import { fileRemote } from "./file_remote.ts";
import { httpRemote } from "./http_remote.ts";
import type { Remote, RemoteOptions } from "./remote.ts";

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
  const message = `Cannot open remote cache "${shownUrl(url)}": it is no URL of a known kind`;
  const notes = ["A remote is file:///FOLDER, https://… or s3://BUCKET/PREFIX"];
  throw new DiagnosticError([{ code: "unknown-remote", severity: "error", message, notes }]);
}
