/** Tasks and checkpoints in a remote: signed records, and objects named by their digest. @module */
import { join } from "@std/path";
import type { Digest, Key } from "../../pipeline/contract/key.ts";
import type { ArtifactStore, StoreHit } from "../../pipeline/contract/store.ts";
import { digestPath } from "../digest/digest.ts";
import { sayDiskFull } from "../disk/disk_full.ts";
import { Limiter } from "./limiter.ts";
import type { Remote } from "./remote.ts";
import { replaceFile } from "../disk/replace_file.ts";
import type { Signer, Verifier } from "./signature.ts";
import { isStoredManifest } from "../local/manifest_form.ts";
import type { StoredManifest } from "../local/store.ts";
import { segmentMistake } from "../../trust/names.ts";
import { ifThere } from "../disk/system_error.ts";
import { download, readBlob, TransferError, type TransferOptions, upload } from "./transfer.ts";
import { readState, stateHeader, stateName } from "./remote_state.ts";
import { listLimit, listTree, makeFolders, parseTree } from "./tree.ts";
import { boundedJson } from "../../trust/bounded_json.ts";

/** A remote, and whose word counts there. */
export interface RemoteTasksOptions extends TransferOptions {
  readonly remote: Remote;
  /** Checks the signatures of trusted keys. */
  readonly verifier: Verifier;
  /** Signs what is pushed; without it the remote is only read. */
  readonly signer?: Signer;
}

/** A stored task as a remote has it. */
interface Envelope {
  /** JSON of a `Parcel`: signed as it is, so that it need not be canonical. */
  readonly payload: string;
  readonly signature: string;
}

interface Parcel {
  readonly manifest: StoredManifest;
  readonly log: string;
}

/** Most bytes of a record. */
const LIMITS = { manifest: 8 << 20, checkpoint: 4 * 2 ** 30 };

/** Blobs on their way at once, pulled or pushed. */
const TRANSFERS = 12;

/**
 * Moves tasks and checkpoints between a local store and a remote.
 *
 * All methods throw `RemoteFailure` where the remote fails, `TransferError` where it lies.
 */
export class RemoteTasks {
  readonly #local: ArtifactStore;
  readonly #options: RemoteTasksOptions;
  readonly #transfers = new Limiter(TRANSFERS);
  /** What the remote lied about: it is not received again, however long it is. */
  readonly #lies = new Map<Key, TransferError>();

  constructor(local: ArtifactStore, options: RemoteTasksOptions) {
    this.#local = local;
    this.#options = options;
  }

  /** Brings a task into the local store; `undefined` if the remote has none. */
  async pull(key: Key, transfer: TransferOptions = {}): Promise<StoreHit | undefined> {
    const parcel = await this.#readParcel(key, transfer);
    if (parcel === undefined) return undefined;
    const { manifest, log } = parcel;
    await using workspace = await this.#local.workspace(key);
    const outputs = Object.entries(manifest.outputs).map(async ([name, output]) => {
      const path = join(workspace.directory, name);
      await this.#pullObject(output, path, transfer);
      return [name, { type: output.type, path }] as const;
    });
    const { preimage, durationMs, host } = manifest;
    return await this.#local.put(key, {
      preimage,
      durationMs,
      host,
      log,
      outputs: Object.fromEntries(await all(outputs)),
    });
  }

  /** Whether the remote has a task that is signed by someone trusted. */
  async has(key: Key, transfer: TransferOptions = {}): Promise<boolean> {
    try {
      return await this.#readParcel(key, transfer) !== undefined;
    } catch (error) {
      if (error instanceof TransferError) return false;
      throw error;
    }
  }

  /** Objects first: a manifest on the remote has all it names. */
  async push(hit: StoreHit, transfer: TransferOptions = {}): Promise<void> {
    const { manifest, outputs } = hit;
    await all(
      Object.values(outputs).map(({ digest, path }) =>
        this.#pushObject(digest as Digest, path, transfer)
      ),
    );
    const payload = JSON.stringify({ manifest, log: await hit.log() });
    const signature = await this.#sign("task", new TextEncoder().encode(payload));
    const body = new TextEncoder().encode(JSON.stringify({ payload, signature }));
    await this.#upload(`tasks/${manifest.key}.json`, body, transfer);
    this.#lies.delete(manifest.key as Key);
  }

  /** Brings a task's saved state to `path`. Returns whether there is one. */
  async pullCheckpoint(key: Key, path: string, transfer: TransferOptions = {}): Promise<boolean> {
    const { remote, verifier } = this.#options;
    const options = { ...this.#options, ...transfer, verifier, limitBytes: LIMITS.checkpoint };
    const state = await this.#transfers.run(() => readState(remote, key, options));
    if (state === undefined || state.length === 0) return false;
    replaceFile(path, [state]);
    return true;
  }

  /** Pushes a task's saved state, if there still is one. */
  async pushCheckpoint(key: Key, path: string, transfer: TransferOptions = {}): Promise<void> {
    const state = ifThere(() => Deno.readFileSync(path));
    if (state !== undefined) await this.#pushState(key, state, transfer);
  }

  /** Says that a task is done: its state would be of no use, and misleading where it is forced. */
  async clearCheckpoint(key: Key, transfer: TransferOptions = {}): Promise<void> {
    await this.#pushState(key, new Uint8Array(), transfer);
  }

  async #pushState(
    key: Key,
    state: Uint8Array<ArrayBuffer>,
    transfer: TransferOptions,
  ): Promise<void> {
    const header = await stateHeader(key, state, (...of) => this.#sign(...of));
    const blob = new Blob([header, state]);
    await this.#upload(stateName(key), new Uint8Array(await blob.arrayBuffer()), transfer);
  }

  async #readParcel(key: Key, transfer: TransferOptions): Promise<Parcel | undefined> {
    const lie = this.#lies.get(key);
    if (lie !== undefined) throw lie;
    try {
      return await this.#receiveParcel(key, transfer);
    } catch (error) {
      if (error instanceof TransferError) this.#lies.set(key, error);
      throw error;
    }
  }

  async #receiveParcel(key: Key, transfer: TransferOptions): Promise<Parcel | undefined> {
    const name = `tasks/${key}.json`;
    const bytes = await this.#read(name, LIMITS.manifest, transfer);
    if (bytes === undefined) return undefined;
    const { payload, signature } = parseEnvelope(bytes, name);
    const content = new TextEncoder().encode(payload);
    if (!await this.#options.verifier.verify("task", content, signature)) {
      throw new TransferError(`${name} is not signed by a key that is trusted`);
    }
    const parcel = parseParcel(payload);
    if (parcel === undefined) throw new TransferError(`${name} is signed, but damaged`);
    if (parcel.manifest.key === key) return parcel;
    throw new TransferError(`${name} is of another task`);
  }

  async #pullObject(
    output: StoredManifest["outputs"][string],
    to: string,
    transfer: TransferOptions,
  ): Promise<void> {
    const { digest, bytes, files } = output;
    const listed = await this.#read(`trees/${digest}`, listLimit(files), transfer);
    if (listed === undefined && files === 1) {
      return await this.#download({ digest, bytes }, to, transfer);
    }
    if (listed === undefined) throw new TransferError(`trees/${digest} is missing`);
    const tree = parseTree(listed, output);
    Deno.mkdirSync(to);
    makeFolders(tree, to);
    await all(tree.files.map((file) => this.#download(file, join(to, file.path), transfer)));
    if (await digestPath(to) !== digest) throw new TransferError(`trees/${digest} is another tree`);
  }

  async #pushObject(digest: Digest, path: string, transfer: TransferOptions): Promise<void> {
    if (!Deno.statSync(path).isDirectory) return await this.#uploadObject(digest, path, transfer);
    const tree = await listTree(path);
    await all(
      tree.files.map((file) => this.#uploadObject(file.digest, join(path, file.path), transfer)),
    );
    const body = new TextEncoder().encode(JSON.stringify(tree));
    await this.#upload(`trees/${digest}`, body, transfer);
  }

  async #sign(purpose: string, content: Uint8Array): Promise<string> {
    return await this.#options.signer?.sign(purpose, content) ?? "";
  }

  #read(
    name: string,
    limitBytes: number,
    transfer: TransferOptions,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const options = { ...this.#options, ...transfer, limitBytes };
    return this.#transfers.run(() => readBlob(this.#options.remote, name, options));
  }

  #download(
    expected: { readonly digest: Digest; readonly bytes: number },
    to: string,
    transfer: TransferOptions,
  ): Promise<void> {
    const options = { ...this.#options, ...transfer, to };
    const pull = () => download(this.#options.remote, expected, options);
    return this.#transfers.run(() => sayDiskFull("pull a task", to, pull));
  }

  #upload(name: string, body: Uint8Array<ArrayBuffer>, transfer: TransferOptions): Promise<void> {
    const options = { ...this.#options, ...transfer, body };
    return this.#transfers.run(() => upload(this.#options.remote, name, options));
  }

  #uploadObject(digest: Digest, body: string, transfer: TransferOptions): Promise<void> {
    const options = { ...this.#options, ...transfer, body, unlessThere: true };
    return this.#transfers.run(() => upload(this.#options.remote, `objects/${digest}`, options));
  }
}

/** Waits for all, also where one fails: nothing goes on behind the caller's back. */
async function all<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return await Promise.all(work);
}

/** What a signer wrote: someone who is trusted may err, or have another version of the program. */
function parseParcel(payload: string): Parcel | undefined {
  try {
    const { manifest, log } = Object(boundedJson(payload)) as Partial<Parcel>;
    const isWhole = isStoredManifest(manifest) && typeof log === "string" &&
      Object.keys(manifest.outputs).every((name) => segmentMistake(name) === undefined);
    return isWhole ? { manifest, log } : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function parseEnvelope(bytes: Uint8Array, name: string): Envelope {
  const text = new TextDecoder().decode(bytes);
  try {
    const { payload, signature } = boundedJson(text) as Envelope;
    if (typeof payload === "string" && typeof signature === "string") return { payload, signature };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  const isPage = /^\s*<(!doctype|html)/i.test(text);
  const state = isPage ? "a web page, perhaps for logging in, instead of a manifest" : "damaged";
  throw new TransferError(`${name} is ${state}`);
}
