/** The store of a run: a folder, and with `--remote` a cache that other machines share. @module */
import { localStore } from "../cache/store.ts";
import { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { ArtifactStore } from "../pipeline/store.ts";

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
  const { openRemote } = await import("../cache/remote.ts");
  const { remoteStore } = await import("../cache/remote_store.ts");
  const { readSigner, readVerifier } = await import("../cache/signature.ts");
  const token = Deno.env.get("TVP_CACHE_TOKEN");
  const privateKey = Deno.env.get("TVP_CACHE_PRIVATE_KEY");
  return remoteStore(local, {
    remote: await openRemote(remote, token === undefined ? {} : { token }),
    verifier: await readKeys(publicKeysFile, () => readVerifier(publicKeys())),
    ...(privateKey
      ? { signer: await readKeys("TVP_CACHE_PRIVATE_KEY", () => readSigner(privateKey)) }
      : {}),
    ...warn,
  });
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
