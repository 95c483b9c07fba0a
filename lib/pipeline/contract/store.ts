/** Defines a store of results, and the services around it that a running task needs. @module */
import type { HostFacts } from "./job.ts";
import type { Digest, Key, KeyPreimage } from "./key.ts";
import type { Artifact, ArtifactType } from "./stage.ts";

/** The facts about a task that has run: `tasks/<key>.json`. */
export interface Manifest {
  readonly format: 1;
  readonly key: Key;
  readonly preimage: KeyPreimage;
  readonly outputs: Readonly<
    Record<string, { readonly type: ArtifactType; readonly digest: Digest }>
  >;
  readonly durationMs: number;
  /** Milliseconds since the epoch, when it was stored. */
  readonly storedAt: number;
  readonly host: HostFacts;
}

/** A task found in the store; its artifacts' paths point into the store and must not be written. */
export interface StoreHit {
  readonly manifest: Manifest;
  readonly outputs: Readonly<Record<string, Artifact>>;
  /** What the stage logged. */
  log(): Promise<string>;
}

/**
 * A hit with all outputs that its task has, each of its type. What lacks one is of no use: a store, or
 * everyone who signs for a remote, said what is not so, and the task runs again.
 */
export function wholeHit(
  hit: StoreHit | undefined,
  { outputs }: { readonly outputs: Readonly<Record<string, ArtifactType>> },
): StoreHit | undefined {
  const isWhole = Object.entries(outputs).every(([name, type]) =>
    hit?.outputs[name]?.type === type
  );
  return isWhole ? hit : undefined;
}

/** A task to store. */
export interface NewEntry {
  readonly preimage: KeyPreimage;
  /** Files or folders to move into the store. */
  readonly outputs: Readonly<
    Record<string, { readonly type: ArtifactType; readonly path: string }>
  >;
  readonly durationMs: number;
  readonly host: HostFacts;
  readonly log: string;
  /** It is for this run alone: no key leads to it, as its inputs are not what the key says. */
  readonly isPassing?: boolean;
}

/** A place to run a task in, on the store's file system. Disposing removes `directory`. */
export interface Workspace extends AsyncDisposable {
  /** Empty folder for the outputs. */
  readonly directory: string;
  /** Path of the task's checkpoint file, kept until the task is stored. */
  readonly checkpoint: string;
  /** Folder kept between tasks. */
  readonly scratch: string;
}

/** Results by key. */
export interface ArtifactStore extends AsyncDisposable {
  /** The entry under a key; `undefined` if there is none, or if one of its objects is missing or damaged. */
  get(key: Key): Promise<StoreHit | undefined>;
  /** Stores outputs, then the manifest; moves the files. Returns the entry as `get` does. */
  put(key: Key, entry: NewEntry): Promise<StoreHit>;
  /**
   * Waits until no other run works on this key, then holds it. After it the caller looks again
   * with `get`: the other run may have stored the result. `onWait` is called once if it has to wait.
   * @throws the signal's reason when aborted while waiting.
   */
  lock(key: Key, options: { signal: AbortSignal; onWait?: () => void }): Promise<AsyncDisposable>;
  workspace(key: Key): Promise<Workspace>;
  /** Called for each checkpoint saved at `path`: a store may copy it elsewhere. */
  checkpointSaved?(key: Key, path: string): void;
  /** Size and age of the saved state of a task that is not finished, if there is one. */
  checkpointOf(key: Key): Promise<{ readonly bytes: number; readonly savedAt: number } | undefined>;
}

/** Digests for keys, memoised by size, mtime and inode. */
export interface ContentDigests extends AsyncDisposable {
  /** Digest of a file's bytes, or the Merkle digest of a folder. @throws Deno.errors.NotFound */
  content(path: string): Promise<Digest>;
  /** Digest of a module's local import graph and of the lock file's entries of its packages. */
  code(module: URL): Promise<Digest>;
}
