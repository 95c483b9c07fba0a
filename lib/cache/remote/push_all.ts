/** Sends everything to a remote that the remote lacks. @module */
import type { Key } from "../../pipeline/contract/key.ts";
import type { ArtifactStore } from "../../pipeline/contract/store.ts";
import { storeLayout } from "../local/layout.ts";
import { Limiter } from "./limiter.ts";
import { listManifests, pathsIn } from "../local/manifests.ts";
import { RemoteTasks, type RemoteTasksOptions } from "./remote_tasks.ts";
import { manifestBytes, type StoredManifest } from "../local/store.ts";

/** Tasks on their way at once. */
const TASKS = 8;

/** What to push, and where. */
export interface PushOptions extends RemoteTasksOptions {
  /** Folder of the store, where saved states lie. */
  readonly root: string;
  /** Default all that the store has. */
  readonly keys?: readonly Key[];
  /** Called after each task and saved state. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What became of the tasks. */
export interface PushSummary {
  /** Tasks that the remote lacked. */
  readonly pushed: number;
  /** Bytes of their outputs; the remote may have had some of them. */
  readonly bytes: number;
  /** Tasks that the remote has. */
  readonly there: number;
  /** Saved states of tasks that are not done. */
  readonly checkpoints: number;
  /** Tasks that are not here, or damaged. */
  readonly missing: number;
}

/**
 * Pushes the tasks that a remote lacks, and the saved states of those that are not done.
 *
 * @throws {RemoteFailure} If the remote fails; what was pushed before stays there.
 */
export async function pushAll(local: ArtifactStore, options: PushOptions): Promise<PushSummary> {
  const tasks = new RemoteTasks(local, options);
  const layout = storeLayout(options.root);
  const keys = options.keys ?? allKeys(options.root);
  const sum = { pushed: 0, bytes: 0, there: 0, checkpoints: 0, missing: 0 };
  const failed = new AbortController();
  const transfer = { signal: failed.signal };
  const pushOne = async (key: Key) => {
    const hit = await local.get(key);
    if (hit === undefined) {
      const isSaved = await local.checkpointOf(key) !== undefined;
      if (isSaved) await tasks.pushCheckpoint(key, layout.checkpoint(key), transfer);
      sum[isSaved ? "checkpoints" : "missing"] += 1;
    } else if (await tasks.has(key, transfer)) sum.there += 1;
    else {
      await tasks.push(hit, transfer);
      sum.pushed += 1;
      sum.bytes += manifestBytes([hit.manifest as StoredManifest]);
    }
  };
  const limiter = new Limiter(TASKS);
  let done = 0;
  const push = async (key: Key) => {
    try {
      failed.signal.throwIfAborted();
      await pushOne(key);
      options.onProgress?.(++done, keys.length);
    } catch (error) {
      failed.abort(error);
      throw failed.signal.reason;
    }
  };
  await Promise.all(keys.map((key) => limiter.run(() => push(key))));
  return sum;
}

/** Keys of all stored tasks and saved states. */
function allKeys(root: string): readonly Key[] {
  const layout = storeLayout(root);
  const stored = listManifests(layout).manifests.map(({ key }) => key);
  const saved = pathsIn(layout.checkpoints).map((path) => path.slice(-64) as Key)
    .filter((name) => /^[0-9a-f]{64}$/.test(name));
  return [...new Set([...stored, ...saved])];
}
