/** A store in memory, for tests of the scheduler: no files, no clock. @module */
import { sha256 } from "../../lib/pipeline/contract/canonical.ts";
import type { Digest, Key } from "../../lib/pipeline/contract/key.ts";
import type {
  ArtifactStore,
  ContentDigests,
  NewEntry,
  StoreHit,
} from "../../lib/pipeline/contract/store.ts";

/** A store whose outputs are digests of their paths' last parts and the key. */
export class MemoryStore implements ArtifactStore {
  readonly tasks = new Map<Key, StoreHit>();
  /** Outputs that are the same whatever the key: for early cut-off. */
  readonly fixedOutputs = new Map<string, string>();
  readonly #locks = new Map<Key, Promise<void>>();

  get(key: Key): Promise<StoreHit | undefined> {
    return Promise.resolve(this.tasks.get(key));
  }

  put(key: Key, entry: NewEntry): Promise<StoreHit> {
    const outputs = Object.fromEntries(
      Object.entries(entry.outputs).map(([name, { type, path }]) => {
        const content = this.fixedOutputs.get(entry.preimage.stage) ?? key;
        return [name, { type, path, digest: sha256(`${content}/${name}`) as Digest }] as const;
      }),
    );
    const { preimage, durationMs, host } = entry;
    const manifest = { format: 1, key, preimage, outputs, durationMs, storedAt: 0, host } as const;
    const hit = { manifest, outputs, log: () => Promise.resolve(entry.log) };
    this.tasks.set(key, hit);
    return Promise.resolve(hit);
  }

  async lock(
    key: Key,
    { signal, onWait }: { signal: AbortSignal; onWait?: () => void },
  ): Promise<AsyncDisposable> {
    while (this.#locks.has(key)) {
      onWait?.();
      const stop = Promise.withResolvers<never>();
      const onAbort = () => stop.reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      await Promise.race([this.#locks.get(key), stop.promise]);
      signal.removeEventListener("abort", onAbort);
    }
    const held = Promise.withResolvers<void>();
    this.#locks.set(key, held.promise);
    return {
      [Symbol.asyncDispose]: () => {
        this.#locks.delete(key);
        held.resolve();
        return Promise.resolve();
      },
    };
  }

  workspace(key: Key) {
    return Promise.resolve({
      directory: `/memory/${key}`,
      checkpoint: `/memory/${key}.checkpoint`,
      scratch: "/memory/scratch",
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  }

  checkpointOf(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** Digests of names instead of contents; what is in `changed` counts as edited. */
export function memoryDigests(changed: Map<string, string> = new Map()): ContentDigests {
  const digest = (name: string) =>
    Promise.resolve(sha256(name + (changed.get(name) ?? "")) as Digest);
  return {
    content: digest,
    code: (module) => digest(module.href),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
