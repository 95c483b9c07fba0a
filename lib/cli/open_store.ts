/** The store of a run: a folder, and with `--remote` a cache that other machines share. @module */
import type { RemoteTasksOptions } from "../cache/remote_tasks.ts";
import { localStore } from "../cache/store.ts";
import { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { ArtifactStore } from "../pipeline/store.ts";
import { type CommandArguments, textOption } from "./command.ts";

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
  const { remoteStore } = await import("../cache/remote_store.ts");
  return remoteStore(local, { ...await openShared(remote), ...warn });
}

/** Opens a remote with the keys of this machine. @throws {DiagnosticError} as `openStore` does. */
export async function openShared(url: string): Promise<RemoteTasksOptions> {
  const { openRemote } = await import("../cache/remote.ts");
  const { readSigner, readVerifier } = await import("../cache/signature.ts");
  const token = Deno.env.get("TVP_CACHE_TOKEN");
  const privateKey = Deno.env.get("TVP_CACHE_PRIVATE_KEY");
  return {
    remote: await openRemote(url, token === undefined ? {} : { token }),
    verifier: await readKeys(publicKeysFile, () => readVerifier(publicKeys())),
    ...(privateKey
      ? { signer: await readKeys("TVP_CACHE_PRIVATE_KEY", () => readSigner(privateKey)) }
      : {}),
  };
}

/** The remote that the arguments or the environment name. */
export function remoteOf(args: CommandArguments): string | undefined {
  return textOption(args, "remote") ?? (Deno.env.get("TVP_CACHE_REMOTE") || undefined);
}

/** The same, for commands that are about one. @throws {DiagnosticError} if there is none. */
export function requiredRemote(args: CommandArguments, action: string): string {
  const remote = remoteOf(args);
  if (remote !== undefined) return remote;
  const message = `Cannot ${action}: expected --remote URL or TVP_CACHE_REMOTE`;
  throw new DiagnosticError([{ code: "usage", severity: "error", message }]);
}

function publicKeys(): string {
  try {
    return Deno.readTextFileSync(publicKeysFile);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

async function readKeys<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const message = `Cannot read the keys in ${name}: ${error.message}`;
    const notes = ["make a pair of keys: deno task tvp keys"];
    throw new DiagnosticError([{ code: "bad-key", severity: "error", message, notes }]);
  }
}
