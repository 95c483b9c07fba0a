/** A local store with a remote behind it. @module */
import { type Diagnostic, DiagnosticError } from "../../diagnostic/diagnostic.ts";
import type { Key } from "../../pipeline/contract/key.ts";
import type {
  ArtifactStore,
  NewEntry,
  StoreHit,
  Workspace,
} from "../../pipeline/contract/store.ts";
import { Breaker } from "./breaker.ts";
import { Limiter } from "./limiter.ts";
import type { LockOptions } from "../local/lock.ts";
import { PushQueue } from "./push_queue.ts";
import { RemoteTasks, type RemoteTasksOptions } from "./remote_tasks.ts";
import { RemoteFailure } from "./retry.ts";
import { readBlob, TransferError, type TransferOptions } from "./transfer.ts";

/** How a remote is used. */
export interface RemoteStoreOptions extends RemoteTasksOptions {
  /** Told, once of each kind, what a remote did wrong; a run never fails for it. */
  readonly onWarning?: (warning: Diagnostic) => void;
  /** Milliseconds, for the pauses in which a remote that failed is left alone. */
  readonly now?: () => number;
}

/** Tasks that are pulled at once. */
const PULLS = 16;

const pushLater = "Push what it lacks afterwards: tvp push";

/** A remote that sends rubbish so often in a row is not asked again. */
const MOST_LIES = 3;

/**
 * A local store that looks on a remote for what it lacks, and pushes what it gets in the background.
 * A remote that fails is left alone until it answers again, one that lies is not believed. What
 * could not be pushed meanwhile is pushed then.
 */
export function remoteStore(local: ArtifactStore, options: RemoteStoreOptions): ArtifactStore {
  return new RemoteStore(local, options);
}

class RemoteStore implements ArtifactStore {
  readonly #local: ArtifactStore;
  readonly #options: RemoteStoreOptions;
  readonly #tasks: RemoteTasks;
  readonly #breaker: Breaker;
  readonly #pushes: PushQueue;
  readonly #pulls = new Limiter(PULLS);
  readonly #pulling = new Map<Key, Promise<StoreHit | undefined>>();
  /** Keys that this run holds. */
  readonly #locked = new Set<Key>();
  readonly #warned = new Set<string>();
  /** Tasks whose saved state the remote has. */
  readonly #saved = new Set<Key>();
  #lies = 0;

  constructor(local: ArtifactStore, options: RemoteStoreOptions) {
    this.#local = local;
    this.#options = options;
    this.#tasks = new RemoteTasks(local, options);
    this.#breaker = new Breaker({
      probe: () => readBlob(options.remote, "probe", { ...options, limitBytes: 1 << 20 }),
      onClosed: () => this.#pushes.start(),
      ...(options.now ? { now: options.now } : {}),
    });
    this.#pushes = new PushQueue(() => this.#breaker.allows());
  }

  async get(key: Key): Promise<StoreHit | undefined> {
    const hit = await this.#local.get(key);
    if (hit !== undefined) return hit;
    const known = this.#pulling.get(key);
    if (known !== undefined) return await known;
    const pull = (transfer: TransferOptions) => this.#pull(key, transfer);
    const pulling = this.#pulls.run(() => this.#try("pull a task", pull));
    this.#pulling.set(key, pulling);
    return await pulling.finally(() => this.#pulling.delete(key));
  }

  async put(key: Key, entry: NewEntry): Promise<StoreHit> {
    const hit = await this.#local.put(key, entry);
    if (entry.isPassing) return hit;
    this.#push(`tasks/${key}`, "push a task", (transfer) => this.#tasks.push(hit, transfer));
    if (this.#saved.has(key)) {
      const clear = (transfer: TransferOptions) => this.#tasks.clearCheckpoint(key, transfer);
      this.#push(`checkpoints/${key}`, "clear a checkpoint", clear);
    }
    return hit;
  }

  async lock(key: Key, options: LockOptions): Promise<AsyncDisposable> {
    const lock = await this.#local.lock(key, options);
    this.#locked.add(key);
    return {
      [Symbol.asyncDispose]: () => {
        this.#locked.delete(key);
        return lock[Symbol.asyncDispose]();
      },
    };
  }

  async workspace(key: Key): Promise<Workspace> {
    const workspace = await this.#local.workspace(key);
    if (await this.#local.checkpointOf(key) === undefined) {
      const pull = (transfer: TransferOptions) =>
        this.#tasks.pullCheckpoint(key, workspace.checkpoint, transfer);
      if (await this.#try("pull a checkpoint", pull)) this.#saved.add(key);
    }
    return workspace;
  }

  checkpointOf(key: Key): ReturnType<ArtifactStore["checkpointOf"]> {
    return this.#local.checkpointOf(key);
  }

  checkpointSaved(key: Key, path: string): void {
    this.#saved.add(key);
    const push = (transfer: TransferOptions) => this.#tasks.pushCheckpoint(key, path, transfer);
    this.#push(`checkpoints/${key}`, "push a checkpoint", push);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pushes.settled();
    await this.#local[Symbol.asyncDispose]();
  }

  /** Under the task's lock: what is half there would be cleared by another run that begins. */
  async #pull(key: Key, transfer: TransferOptions): Promise<StoreHit | undefined> {
    if (this.#locked.has(key)) return await this.#tasks.pull(key, transfer);
    await using lock = await tryLock(this.#local, key);
    // Who has it does the task, and everyone who needs the task waits for that.
    if (lock === undefined) return undefined;
    return await this.#local.get(key) ?? await this.#tasks.pull(key, transfer);
  }

  #push(name: string, action: string, push: (transfer: TransferOptions) => Promise<void>): void {
    if (this.#options.signer === undefined) return;
    this.#pushes.add(name, async () => {
      await this.#try(action, push).catch((error) => this.#unpushed(action, error));
      return !this.#breaker.isOpen;
    });
  }

  /** Does something with the remote, and nothing if it fails but to say so. */
  async #try<T>(
    action: string,
    work: (transfer: TransferOptions) => Promise<T>,
  ): Promise<T | undefined> {
    if (!this.#breaker.allows()) return undefined;
    const { signal } = this.#breaker;
    try {
      const result = await work({ signal });
      this.#lies = 0;
      return result;
    } catch (error) {
      if (error instanceof TransferError) this.#lied(action, error);
      else if (error instanceof RemoteFailure) this.#failed(action, error, signal);
      else if (error instanceof DiagnosticError) {
        // There is no room here for what the remote has; whether the task has any, it will tell.
        this.#warn("remote-unusable", action, error.message, error.diagnostics[0]?.notes ?? []);
      } else throw error;
      return undefined;
    }
  }

  /** What went wrong with a push on this machine. It is not tried again, as it would go wrong again. */
  #unpushed(action: string, error: unknown): void {
    const cause = error instanceof Error ? error.message : String(error);
    this.#warn("push-failed", action, cause, [pushLater]);
  }

  #lied(action: string, error: TransferError): void {
    this.#lies += 1;
    if (this.#lies >= MOST_LIES) this.#breaker.giveUp(error);
    this.#warn("remote-mistrusted", action, error.message, ["Its data is not used."]);
  }

  #failed(action: string, error: RemoteFailure, signal: AbortSignal): void {
    // What was under way when something else failed.
    if (signal.aborted) return;
    this.#breaker.fail(error, error.retryAfterMs);
    const pushes = this.#options.signer === undefined ? [] : [pushLater];
    const notes = [...error.notes, "It is not used until it answers again.", ...pushes];
    this.#warn("remote-failed", action, error.message, notes);
  }

  #warn(code: string, action: string, cause: string, notes: readonly string[]): void {
    if (this.#warned.has(code)) return;
    this.#warned.add(code);
    const { remote, onWarning } = this.#options;
    const message = `Cannot ${action} with remote cache "${remote.url}": ${cause}`;
    onWarning?.({ code, severity: "warning", message, notes });
  }
}

/** The lock of a task, if nobody has it. */
async function tryLock(store: ArtifactStore, key: Key): Promise<AsyncDisposable | undefined> {
  const busy = new AbortController();
  try {
    return await store.lock(key, { signal: busy.signal, onWait: () => busy.abort() });
  } catch (error) {
    if (busy.signal.aborted) return undefined;
    throw error;
  }
}
