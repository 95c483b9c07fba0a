/** A store that takes some tasks as signed and leaves the others to be computed. @module */
import type { Key } from "../pipeline/contract/key.ts";
import type {
  ArtifactStore,
  Manifest,
  NewEntry,
  StoreHit,
  Workspace,
} from "../pipeline/contract/store.ts";
import type { SignedTask } from "./statement.ts";

/** What is taken as signed. */
export interface Claims {
  /** By key, the tasks that are not computed again. */
  readonly taken: ReadonlyMap<Key, SignedTask>;
  /** Those of them with checked files, which other tasks need as inputs. */
  readonly given: ReadonlyMap<Key, StoreHit>;
}

/** `own` with the claims laid over it. */
export function claimedStore(own: ArtifactStore, { taken, given }: Claims): ArtifactStore {
  return {
    get(key) {
      const claim = taken.get(key);
      if (claim === undefined) return own.get(key);
      return Promise.resolve(given.get(key) ?? claimedHit(claim));
    },
    put: (key: Key, entry: NewEntry): Promise<StoreHit> => own.put(key, entry),
    lock: (key, options) => own.lock(key, options),
    workspace: (key: Key): Promise<Workspace> => own.workspace(key),
    checkpointOf: (key) => own.checkpointOf(key),
    [Symbol.asyncDispose]: () => own[Symbol.asyncDispose](),
  };
}

/** A result of which only the digests are known: keys need no more. */
function claimedHit({ key, preimage, outputs, host }: SignedTask): StoreHit {
  const manifest: Manifest = {
    format: 1,
    key,
    preimage,
    outputs,
    durationMs: 0,
    storedAt: 0,
    host,
  };
  const artifacts = Object.entries(outputs).map(([name, { type, digest }]) =>
    [name, { type, digest, path: "" }] as const
  );
  return { manifest, outputs: Object.fromEntries(artifacts), log: () => Promise.resolve("") };
}
