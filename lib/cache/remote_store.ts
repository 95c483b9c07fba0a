import { join } from "@std/path";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { Digest, Key } from "../pipeline/key.ts";
import type { ArtifactStore, NewEntry, StoreHit, Workspace } from "../pipeline/store.ts";
import { digestPath } from "./digest.ts";
import { replaceFile } from "./replace_file.ts";
import type { LockOptions } from "./lock.ts";
import { PushQueue } from "./push_queue.ts";
import type { Remote } from "./remote.ts";
import type { Signer, Verifier } from "./signature.ts";
import type { StoredManifest } from "./store.ts";
import {
  download,
  readBlob,
  RemoteFailure,
  TransferError,
  type TransferOptions,
  upload,
} from "./transfer.ts";
import { listTree, makeFolders, parseTree } from "./tree.ts";

/** How a remote is used. */
export interface RemoteStoreOptions extends TransferOptions {
  readonly remote: Remote;
  /** Whose results are believed. */
  readonly verifier: Verifier;
  /** Signs what is pushed; without it the remote is only read. */
  readonly signer?: Signer;
  /** Told what a remote did wrong; a run never fails for it. */
  readonly onWarning?: (warning: Diagnostic) => void;
}

/** A stored task as a remote has it. */
interface Envelope {
  /** JSON of a `Parcel`: signed as it stands, so that it need not be canonical. */
  readonly payload: string;
  readonly signature: string;
}

interface Parcel {
  readonly manifest: StoredManifest;
  readonly log: string;
}

const LIMITS = { manifest: 16 << 20, tree: 64 << 20, checkpoint: 4 * 2 ** 30 };

/**
 * A local store that looks on a remote for what it lacks, and pushes what it gets in the background.
 * A remote that fails is switched off for the rest of the run, one that lies is not believed.
 */
export function remoteStore(local: ArtifactStore, options: RemoteStoreOptions): ArtifactStore {
  return new RemoteStore(local, options);
}

class RemoteStore implements ArtifactStore {
  readonly #local: ArtifactStore;
  readonly #options: RemoteStoreOptions;
  readonly #pushes = new PushQueue();
  #isOff = false;

  constructor(local: ArtifactStore, options: RemoteStoreOptions) {
    this.#local = local;
    this.#options = options;
  }

  async get(key: Key): Promise<StoreHit | undefined> {
    return await this.#local.get(key) ?? await this.#try("pull a task", () => this.#pull(key));
  }

  async put(key: Key, entry: NewEntry): Promise<StoreHit> {
    const hit = await this.#local.put(key, entry);
    this.#push(`tasks/${key}`, "push a task", () => this.#pushTask(hit, entry.log));
    return hit;
  }

  lock(key: Key, options: LockOptions): Promise<AsyncDisposable> {
    return this.#local.lock(key, options);
  }

  async workspace(key: Key): Promise<Workspace> {
    const workspace = await this.#local.workspace(key);
    if (await this.#local.checkpointOf(key) === undefined) {
      await this.#try("pull a checkpoint", () => this.#pullCheckpoint(key, workspace.checkpoint));
    }
    return workspace;
  }

  checkpointOf(key: Key): ReturnType<ArtifactStore["checkpointOf"]> {
    return this.#local.checkpointOf(key);
  }

  checkpointSaved(key: Key, path: string): void {
    const read = () => this.#pushCheckpoint(key, path);
    this.#push(`checkpoints/${key}`, "push a checkpoint", read);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pushes.settled();
    await this.#local[Symbol.asyncDispose]();
  }

  async #pull(key: Key): Promise<StoreHit | undefined> {
    const parcel = await this.#readParcel(key);
    if (parcel === undefined) return undefined;
    const { manifest, log } = parcel;
    await using workspace = await this.#local.workspace(key);
    const outputs = Object.entries(manifest.outputs).map(async ([name, output]) => {
      const path = join(workspace.directory, name);
      await this.#pullObject(output, path);
      return [name, { type: output.type, path }] as const;
    });
    const { preimage, durationMs, host } = manifest;
    const entry = {
      preimage,
      durationMs,
      host,
      log,
      outputs: Object.fromEntries(await Promise.all(outputs)),
    };
    return await this.#local.put(key, entry);
  }

  async #readParcel(key: Key): Promise<Parcel | undefined> {
    const bytes = await this.#read(`tasks/${key}.json`, LIMITS.manifest);
    if (bytes === undefined) return undefined;
    const { payload, signature } = parseEnvelope(bytes);
    const content = new TextEncoder().encode(payload);
    if (!await this.#options.verifier.verify("task", content, signature)) {
      throw new TransferError(`tasks/${key}.json is not signed by a key that is trusted`);
    }
    const parcel = JSON.parse(payload) as Parcel;
    if (parcel.manifest.key === key) return parcel;
    throw new TransferError(`tasks/${key}.json is of another task`);
  }

  async #pullObject(
    { digest, bytes, files }: StoredManifest["outputs"][string],
    to: string,
  ): Promise<void> {
    const { remote } = this.#options;
    const listed = await this.#read(`trees/${digest}`, LIMITS.tree);
    if (listed === undefined && files === 1) {
      return await download(remote, { digest, bytes }, { ...this.#options, to });
    }
    if (listed === undefined) throw new TransferError(`trees/${digest} is missing`);
    const tree = parseTree(listed, bytes);
    Deno.mkdirSync(to);
    makeFolders(tree, to);
    for (const file of tree.files) {
      await download(remote, file, { ...this.#options, to: join(to, file.path) });
    }
    if (await digestPath(to) !== digest) throw new TransferError(`trees/${digest} is another tree`);
  }

  /** Objects first: a manifest on the remote has all it names. */
  async #pushTask({ manifest, outputs }: StoreHit, log: string): Promise<void> {
    for (const { digest, path } of Object.values(outputs)) {
      await this.#pushObject(digest as Digest, path);
    }
    const payload = JSON.stringify({ manifest, log });
    const signature = await this.#sign("task", new TextEncoder().encode(payload));
    const body = new TextEncoder().encode(JSON.stringify({ payload, signature }));
    await this.#upload(`tasks/${manifest.key}.json`, body);
  }

  async #pushObject(digest: Digest, path: string): Promise<void> {
    if (!Deno.statSync(path).isDirectory) return await this.#uploadObject(digest, path);
    const tree = await listTree(path);
    for (const file of tree.files) await this.#uploadObject(file.digest, join(path, file.path));
    await this.#upload(`trees/${digest}`, new TextEncoder().encode(JSON.stringify(tree)));
  }

  async #pullCheckpoint(key: Key, path: string): Promise<void> {
    const bytes = await this.#read(`checkpoints/${key}`, LIMITS.checkpoint);
    if (bytes === undefined) return;
    const end = bytes.indexOf("\n".charCodeAt(0));
    const signature = new TextDecoder().decode(bytes.subarray(0, Math.max(0, end)));
    const state = bytes.subarray(end + 1);
    if (!await this.#options.verifier.verify(`checkpoint ${key}`, state, signature)) {
      throw new TransferError(`checkpoints/${key} is not signed by a key that is trusted`);
    }
    replaceFile(path, [state]);
  }

  async #pushCheckpoint(key: Key, path: string): Promise<void> {
    const state = readIfThere(path);
    if (state === undefined) return;
    const signature = await this.#sign(`checkpoint ${key}`, state);
    const blob = new Blob([`${signature}\n`, state]);
    await this.#upload(`checkpoints/${key}`, new Uint8Array(await blob.arrayBuffer()));
  }

  async #sign(purpose: string, content: Uint8Array): Promise<string> {
    return await this.#options.signer?.sign(purpose, content) ?? "";
  }

  #read(name: string, limitBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return readBlob(this.#options.remote, name, { ...this.#options, limitBytes });
  }

  #upload(name: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
    return upload(this.#options.remote, name, { ...this.#options, body });
  }

  #uploadObject(digest: Digest, body: string): Promise<void> {
    const options = { ...this.#options, body, unlessThere: true };
    return upload(this.#options.remote, `objects/${digest}`, options);
  }

  #push(name: string, action: string, push: () => Promise<void>): void {
    if (this.#isOff || this.#options.signer === undefined) return;
    this.#pushes.add(name, () => this.#try(action, push));
  }

  /** Does something with the remote, and nothing if it fails but to say so. */
  async #try<T>(action: string, work: () => Promise<T>): Promise<T | undefined> {
    if (this.#isOff) return undefined;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof TransferError || error instanceof RemoteFailure)) throw error;
      this.#isOff ||= error instanceof RemoteFailure;
      this.#warn(action, error);
      return undefined;
    }
  }

  #warn(action: string, error: Error): void {
    const { remote, onWarning } = this.#options;
    const lies = error instanceof TransferError;
    onWarning?.({
      code: lies ? "remote-mistrusted" : "remote-failed",
      severity: "warning",
      message: `Cannot ${action} with remote cache "${remote.url}": ${error.message}`,
      notes: [lies ? "It is not used for this task." : "It is not used for the rest of this run."],
    });
  }
}

function parseEnvelope(bytes: Uint8Array): Envelope {
  try {
    const { payload, signature } = JSON.parse(new TextDecoder().decode(bytes)) as Envelope;
    if (typeof payload === "string" && typeof signature === "string") return { payload, signature };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  throw new TransferError("a manifest is damaged");
}

function readIfThere(path: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
