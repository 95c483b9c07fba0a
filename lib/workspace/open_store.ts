/**
 * Opens the store of a run: a folder, and with `--remote` a cache that other machines share.
 *
 * @module
 */
import { sendableToken } from "./sendable_token.ts";
import { startCommand } from "./start_command.ts";
import { loadLater } from "./load_later.ts";
import type { RemoteTasksOptions } from "../cache/remote/remote_tasks.ts";
import { localStore } from "../cache/local/store.ts";
import { readRegularText } from "../cache/disk/regular_file.ts";
import { ifThere } from "../cache/disk/system_error.ts";
import type { Signer, Verifier } from "../cache/remote/signature.ts";
import { type Diagnostic, diagnosticError } from "../diagnostic/diagnostic.ts";
import type { ArtifactStore } from "../pipeline/contract/store.ts";
import { isConfidential, shownUrl } from "../trust/urls.ts";

/** File with the public keys of those whose results are believed, in the working directory. */
export const publicKeysFile = "cache_keys.txt";

/** Which store. */
export interface StoreOptions {
  readonly folder: string;
  /** `https://…`, `s3://…`, `file://…`. */
  readonly remote?: string;
  readonly onWarning?: (warning: Diagnostic) => void;
}

/** Opens a store. @throws {DiagnosticError} if the remote or a key of it makes no sense. */
export async function openStore(
  { folder, remote, onWarning }: StoreOptions,
): Promise<ArtifactStore> {
  const warn = onWarning ? { onWarning } : {};
  const local = localStore(folder, warn);
  if (remote === undefined) return local;
  const { remoteStore } = await loadLater<typeof import("../cache/remote/remote_store.ts")>(
    new URL("../cache/remote/remote_store.ts", import.meta.url),
  );
  const shared = await openShared(remote);
  (await trustWarnings(shared)).forEach((warning) => onWarning?.(warning));
  return remoteStore(local, { ...shared, ...warn });
}

/** A remote, and the secrets of this machine that are not sent to it. */
export interface SharedRemote extends RemoteTasksOptions {
  readonly unsent: readonly Diagnostic[];
}

/** What is amiss with a remote: without the right public keys nothing of it is believed. */
export async function trustWarnings(
  shared: SharedRemote,
): Promise<readonly Diagnostic[]> {
  return [...shared.unsent, ...await keyWarnings(shared)];
}

async function keyWarnings(
  { signer, verifier }: RemoteTasksOptions,
): Promise<readonly Diagnostic[]> {
  const content = new TextEncoder().encode("trust");
  if (signer !== undefined) {
    const signature = await signer.sign("trust", content);
    if (await verifier.verify("trust", content, signature)) return [];
    return [
      untrusted("the public key of TVP_CACHE_PRIVATE_KEY is not in it", [
        "Others do not use what this machine sends, and each push sends all of it again, " +
        `until ${publicKeysFile} has this line: ${signer.publicKey}`,
      ]),
    ];
  }
  if (ifThere(() => Deno.statSync(publicKeysFile))) return [];
  const notes = [`A line of ${publicKeysFile} is a public key, as tvp keys makes it`];
  return [untrusted("there is no such file", notes)];
}

function untrusted(cause: string, notes: readonly string[]): Diagnostic {
  const message =
    `Cannot check what a remote cache holds by the keys in "${publicKeysFile}": ${cause}`;
  return { code: "remote-untrusted", severity: "warning", message, notes };
}

/** Opens a remote with the keys of this machine. @throws {DiagnosticError} as `openStore` does. */
export async function openShared(url: string): Promise<SharedRemote> {
  const { openRemote } = await loadLater<typeof import("../cache/remote/open_remote.ts")>(
    new URL("../cache/remote/open_remote.ts", import.meta.url),
  );
  const token = sendableToken("TVP_CACHE_TOKEN");
  const signer = await ownSigner();
  return {
    remote: await openRemote(url, token ? { token } : {}),
    unsent: unsentTo(url, token),
    verifier: await knownVerifier(),
    ...(signer ? { signer } : {}),
  };
}

/** Signs with the key of this machine, if it has one. @throws {DiagnosticError} if it is not a key. */
async function ownSigner(): Promise<Signer | undefined> {
  const { readSigner } = await loadLater<typeof import("../cache/remote/signature.ts")>(
    new URL("../cache/remote/signature.ts", import.meta.url),
  );
  const privateKey = Deno.env.get("TVP_CACHE_PRIVATE_KEY");
  if (!privateKey) return undefined;
  return await readKeys("TVP_CACHE_PRIVATE_KEY", () => readSigner(privateKey));
}

/** The same, for commands that sign. @throws {DiagnosticError} if there is none. */
export async function requiredSigner(action: string): Promise<Signer> {
  const signer = await ownSigner();
  if (signer !== undefined) return signer;
  const message =
    `Cannot ${action}: there is no key to sign with, TVP_CACHE_PRIVATE_KEY is not set`;
  const notes = [`make a pair of keys: ${startCommand("keys")}`];
  throw diagnosticError("no-key", message, notes);
}

/** Checks by the public keys in the working directory, or by those that are given: keys or files. */
export async function knownVerifier(given: readonly string[] = []): Promise<Verifier> {
  const { readVerifier } = await loadLater<typeof import("../cache/remote/signature.ts")>(
    new URL("../cache/remote/signature.ts", import.meta.url),
  );
  if (given.length === 0) return await readKeys(publicKeysFile, () => readVerifier(publicKeys()));
  const textOf = (key: string) => ifThere(() => readRegularText(key)) ?? key;
  return await readKeys("--key", () => readVerifier(given.map(textOf).join("\n")));
}

/** Passwords and tokens are not sent where anybody on the way could read them. */
function unsentTo(url: string, token: string | undefined): Diagnostic[] {
  if (!/^http:/i.test(url) || !URL.canParse(url) || isConfidential(url)) return [];
  const what = [
    ...(token ? ["TVP_CACHE_TOKEN"] : []),
    ...(new URL(url).password ? ["the password in the URL"] : []),
  ];
  const message = `Cannot send ${what.join(" and ")} to remote cache "${shownUrl(url)}": ` +
    "it would go there unencrypted";
  const notes = ["Use a server with https; without https no credentials are sent"];
  return what.length === 0 ? [] : [{ code: "unencrypted", severity: "warning", message, notes }];
}

/** Whether a remote is a server, and no folder. */
export function isServer(remote: string | undefined): boolean {
  return remote !== undefined && !/^file:/i.test(remote);
}

function publicKeys(): string {
  return ifThere(() => readRegularText(publicKeysFile)) ?? "";
}

async function readKeys<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    const message = `Cannot read the keys in ${name}: ${error.message}`;
    const notes = [`make a pair of keys: ${startCommand("keys")}`];
    throw diagnosticError("bad-key", message, notes);
  }
}
