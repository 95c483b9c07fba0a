/** Opens remotes by their URLs. @module */
import { type DiagnosticError, diagnosticError } from "../../diagnostic/diagnostic.ts";
import { shownUrl } from "../../trust/urls.ts";
import { fileRemote } from "./file_remote.ts";
import { httpRemote } from "./http_remote.ts";
import type { Remote, RemoteOptions } from "./remote.ts";

/** A kind of remote. */
export interface RemoteKind {
  readonly description: string;
  /** How its URLs look. */
  readonly form: string;
  readonly open: (url: URL, options: RemoteOptions) => Remote | Promise<Remote>;
}

/** The kinds of remote by protocol. A new kind is a file and a row here. */
export const remoteTable: Readonly<Record<string, RemoteKind>> = {
  "file:": {
    description: "a folder, such as a mounted one",
    form: "file:///FOLDER",
    open: fileRemote,
  },
  "https:": {
    description: "a server that answers GET, HEAD and PUT",
    form: "https://…",
    open: httpRemote,
  },
  "http:": { description: "the same, unencrypted", form: "http://…", open: httpRemote },
  "s3:": {
    description: "a bucket of Amazon S3, or of a server that speaks its language",
    form: "s3://BUCKET/PREFIX",
    // Loaded only where it is used, as the client is.
    open: async (url) => (await import("./s3_remote.ts")).s3Remote(url),
  },
};

/**
 * Opens a remote by its URL.
 *
 * @throws {DiagnosticError} `unknown-remote`, if the text is not a URL, its scheme is not known, or it
 * says more than where the remote is.
 */
export async function openRemote(url: string, options: RemoteOptions = {}): Promise<Remote> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const kind = parsed && remoteTable[parsed.protocol];
  if (parsed === undefined || kind === undefined) {
    const forms = Object.values(remoteTable).map(({ form }) => form).join(", ");
    throw refusal(url, "it is not a URL of a known kind", `Known kinds of remote: ${forms}`);
  }
  // Names of objects follow the path: a query would end up behind them, or nowhere.
  const [mark] = /[?#]/.exec(parsed.href) ?? [];
  if (mark !== undefined) throw refusal(url, `it has ${extras[mark]}`, signedNote);
  const folder = parsed.href.endsWith("/") ? parsed.href : `${parsed.href}/`;
  return await kind.open(new URL(folder), options);
}

const extras: Readonly<Record<string, string>> = {
  "?": 'a query, "?…", which is not supported',
  "#": 'a fragment, "#…", which is not supported',
};

const signedNote =
  "Signed URLs cannot be used: a server gets its token from TVP_CACHE_TOKEN, a bucket its keys " +
  "from AWS's settings. In a name, ? is %3F and # is %23";

function refusal(url: string, cause: string, note: string): DiagnosticError {
  const message = `Cannot open remote cache "${shownUrl(url)}": ${cause}`;
  return diagnosticError("unknown-remote", message, [note]);
}
