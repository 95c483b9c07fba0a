/** A store in a folder: results by their keys. @module */
import { resolve } from "@std/path";
import { readRecord } from "../disk/regular_file.ts";
import { type Diagnostic, diagnosticError } from "../../diagnostic/diagnostic.ts";
import type { HostFacts } from "../../pipeline/contract/job.ts";
import type { Key, KeyPreimage } from "../../pipeline/contract/key.ts";
import type { Artifact } from "../../pipeline/contract/stage.ts";
import type {
  ArtifactStore,
  NewEntry,
  StoreHit,
  Workspace,
} from "../../pipeline/contract/store.ts";
import { sayDiskFull } from "../disk/disk_full.ts";
import { GroupSync } from "./group_sync.ts";
import { makeStore, type StoreLayout, storeLayout, unusableStore } from "./layout.ts";
import { isWithoutLocks, lockFile, type LockOptions, tryLockFile } from "./lock.ts";
import { KnownNames } from "./known_names.ts";
import { isStoredManifest, type StoredManifest, type StoredOutput } from "./manifest_form.ts";

import { movePath, type SealedObject, sealObject } from "./object.ts";
import { ObjectFolder } from "./object_folder.ts";
import { removeQuietly, replaceFile, temporaryName } from "../disk/replace_file.ts";
import { ifThere, isSystemError } from "../disk/system_error.ts";

export type { StoredManifest } from "./manifest_form.ts";

/** Options of a local store. */
export interface LocalStoreOptions {
  /** Called for damaged and missing objects, which count as misses. */
  readonly onWarning?: (warning: Diagnostic) => void;
}

/** Bytes of all outputs of tasks; those that several have count once. */
export function manifestBytes(manifests: readonly StoredManifest[]): number {
  const outputs = manifests.flatMap(({ outputs }) => Object.values(outputs));
  const sizes = new Map(outputs.map(({ digest, bytes }) => [digest, bytes]));
  return sizes.values().reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * A store in a folder, which any number of runs may use at once.
 *
 * @throws {DiagnosticError} `cache-unusable`, if there can be no folder.
 *
 * @example
 * ```ts
 * import { keyOf, type KeyPreimage, localStore } from "@tvp/pipeline/pipeline";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using store = localStore(folder, { onWarning: (w) => console.warn(w.message) });
 *   const key = keyOf({
 *     format: 1,
 *     stage: "noop",
 *     code: "0".repeat(64) as KeyPreimage["code"],
 *     parameters: {},
 *     environment: {},
 *   });
 *   assertEquals(await store.get(key), undefined); // nothing is stored yet
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export function localStore(path: string, options: LocalStoreOptions = {}): ArtifactStore {
  return new LocalStore(storeLayout(realPath(path)), options);
}

/** Makes the folder of a store. @throws {DiagnosticError} `cache-unusable`, if there can be none. */
export function makeStoreFolder(path: string): void {
  try {
    Deno.mkdirSync(path, { recursive: true });
  } catch (error) {
    throw unusableStore(path, error);
  }
}

/** A store that is not there is empty, and is made when something is stored in it. */
function realPath(path: string): string {
  const info = ifThere(() => Deno.statSync(path));
  if (info === undefined) return resolve(path);
  if (!info.isDirectory) throw unusableStore(path, new Deno.errors.NotADirectory(path));
  return Deno.realPathSync(path);
}

class LocalStore implements ArtifactStore {
  readonly #layout: StoreLayout;
  readonly #options: LocalStoreOptions;
  readonly #sync = new GroupSync();
  readonly #warned = new Set<string>();
  readonly #objects: ObjectFolder;
  readonly #tasks: KnownNames;
  #usage: Promise<Disposable | undefined> | undefined;
  #isOpen = false;

  constructor(layout: StoreLayout, options: LocalStoreOptions) {
    this.#layout = layout;
    this.#options = options;
    this.#objects = new ObjectFolder(layout);
    this.#tasks = new KnownNames(layout.tasks);
  }

  async get(key: Key): Promise<StoreHit | undefined> {
    await this.#use();
    const manifest = this.#readManifest(key);
    if (manifest === undefined) return undefined;
    for (const name of Object.keys(manifest.outputs)) {
      if (!await this.#isIntact(manifest, name)) return undefined;
    }
    return this.#hit(manifest);
  }

  async put(key: Key, entry: NewEntry): Promise<StoreHit> {
    await this.#open();
    const outputs = await this.#storeOutputs(key, entry);
    const manifest = newManifest(key, entry, outputs);
    const write = () => this.#storeRecords(manifest, entry.log);
    if (!entry.isPassing) await sayDiskFull("store a task", this.#layout.root, write);
    removeQuietly(this.#layout.checkpoint(key));
    return this.#hit(manifest);
  }

  async lock(key: Key, options: LockOptions): Promise<AsyncDisposable> {
    await sayDiskFull("start a task", this.#layout.root, () => this.#open());
    let waited = false;
    const onWait = () => {
      waited = true;
      options.onWait?.();
    };
    const take = () => lockFile(this.#layout.lock(key), { signal: options.signal, onWait });
    const lock = await sayDiskFull("start a task", this.#layout.root, take);
    if (waited) removeWork(this.#layout.work, (owner) => owner === key);
    return {
      [Symbol.asyncDispose]: () => Promise.resolve(lock[Symbol.dispose]()),
    };
  }

  workspace(key: Key): Promise<Workspace> {
    return sayDiskFull("start a task", this.#layout.root, async () => {
      await this.#open();
      const directory = this.#temporaryPath(key);
      Deno.mkdirSync(directory);
      return {
        directory,
        scratch: this.#layout.scratch,
        checkpoint: this.#layout.checkpoint(key),
        [Symbol.asyncDispose]: () => Promise.resolve(removeQuietly(directory)),
      };
    });
  }

  // deno-lint-ignore require-await
  async checkpointOf(key: Key): Promise<{ bytes: number; savedAt: number } | undefined> {
    const info = ifThere(() => Deno.statSync(this.#layout.checkpoint(key)));
    return info && { bytes: info.size, savedAt: info.mtime?.getTime() ?? 0 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sync[Symbol.asyncDispose]();
    this.#objects[Symbol.dispose]();
    (await this.#usage)?.[Symbol.dispose]();
    this.#usage = undefined;
    this.#isOpen = false;
  }

  /** Says that the store is in use, so that what it has is not collected meanwhile. */
  async #use(): Promise<void> {
    await (this.#usage ??= holdStore(this.#layout));
  }

  /** Makes the store ready to be written, and clears what crashed runs left. */
  async #open(): Promise<void> {
    if (!this.#isOpen) this.#makeReady();
    await this.#use();
  }

  #makeReady(): void {
    try {
      makeStore(this.#layout);
      Deno.openSync(this.#layout.usageLock, { write: true, create: true }).close();
    } catch (error) {
      throw unusableStore(this.#layout.root, error);
    }
    this.#isOpen = true;
    // What was not there to be held before is now.
    this.#usage = this.#usage?.then((held) => held ?? holdStore(this.#layout));
    removeWork(this.#layout.work, (owner) => this.#isAbandoned(owner));
    // To take the lock of a killed run and give it back removes it.
    for (const { name } of [...Deno.readDirSync(this.#layout.locks)]) {
      this.#isAbandoned(name as Key);
    }
  }

  /** A new name in `work` that names its process. */
  #temporaryPath(key: Key): string {
    return `${this.#layout.work}/${key}-${temporaryName()}`;
  }

  /** Whether nobody holds the lock of the task to which a folder in `work` belongs. */
  #isAbandoned(key: Key): boolean {
    using lock = tryLockFile(this.#layout.lock(key));
    return lock !== undefined;
  }

  #readManifest(key: Key): StoredManifest | undefined {
    const path = this.#layout.manifest(key);
    if (this.#tasks.lacks(path)) return undefined;
    try {
      const { value: manifest, info } = readRecord(path);
      if (isStoredManifest(manifest) && manifest.key === key) {
        markUsed(path, info);
        return manifest;
      }
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) {
        this.#tasks.miss();
        return undefined;
      }
      if (!(error instanceof SyntaxError)) throw unusableStore(this.#layout.root, error, "read");
    }
    this.#warn(key, "damaged-manifest", `Cannot use cached task "${key}": its manifest is damaged`);
    return undefined;
  }

  async #isIntact(manifest: StoredManifest, name: string): Promise<boolean> {
    const output = manifest.outputs[name];
    if (output === undefined) return false;
    const { digest } = output;
    try {
      if (await this.#objects.isSound(digest, output)) return true;
      this.#warn(digest, "damaged-object", cannotUse(name, manifest, "is damaged"));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) {
        throw unusableStore(this.#layout.root, error, "read");
      }
      this.#warn(digest, "missing-object", cannotUse(name, manifest, "is missing"));
    }
    return false;
  }

  #warn(about: string, code: string, message: string): void {
    if (this.#warned.has(about)) return;
    this.#warned.add(about);
    const notes = ["The task runs again."];
    this.#options.onWarning?.({ code, severity: "warning", message, notes });
  }

  #hit(manifest: StoredManifest): StoreHit {
    const outputs: Record<string, Artifact> = {};
    const logPath = this.#layout.log(manifest.key);
    for (const [name, { type, digest }] of Object.entries(manifest.outputs)) {
      outputs[name] = { type, digest, path: this.#layout.object(digest) };
    }
    return {
      manifest,
      outputs,
      log: () => Promise.resolve(ifThere(() => readLog(logPath)) ?? ""),
    };
  }

  async #storeOutputs(key: Key, entry: NewEntry): Promise<Record<string, StoredOutput>> {
    const outputs: Record<string, StoredOutput> = {};
    for (const [name, { type, path }] of Object.entries(entry.outputs)) {
      const store = () => this.#storeObject(key, name, path);
      const { digest, bytes, files } = await sayDiskFull(
        `store output "${name}"`,
        this.#layout.root,
        store,
      );
      outputs[name] = { type, digest, bytes, files };
    }
    return outputs;
  }

  async #storeObject(key: Key, name: string, path: string): Promise<SealedObject> {
    const staged = this.#temporaryPath(key);
    moveOutput(name, path, staged);
    try {
      const object = await sealObject(staged, name);
      await this.#objects.place(object);
      this.#sync.add(this.#layout.objects);
      return object;
    } catch (error) {
      removeQuietly(staged);
      throw error;
    }
  }

  /** The manifest comes last: a task whose manifest is there is all there. */
  #storeRecords(manifest: StoredManifest, log: string): void {
    const { key } = manifest;
    const [logPath, path] = [this.#layout.log(key), this.#layout.manifest(key)];
    if (log === "") removeQuietly(logPath);
    else replaceRecord(logPath, log, this.#temporaryPath(key));
    replaceRecord(path, JSON.stringify(manifest), this.#temporaryPath(key));
    this.#sync.add(path);
    this.#sync.add(this.#layout.tasks);
  }
}

/** Writes a record. A folder of its name, which is none, gives way. */
function replaceRecord(path: string, text: string, via: string): void {
  if (ifThere(() => Deno.lstatSync(path))?.isDirectory) removeQuietly(path);
  replaceFile(path, text, { via });
}

function cannotUse(
  name: string,
  { key, preimage, outputs }: StoredManifest,
  state: string,
): string {
  return `Cannot use output "${name}" of cached task "${key}" (${preimage.stage}): ` +
    `object ${outputs[name]?.digest} ${state}`;
}

function newManifest(
  key: Key,
  { preimage, durationMs, host }: {
    preimage: KeyPreimage;
    durationMs: number;
    host: HostFacts;
  },
  outputs: Record<string, StoredOutput>,
): StoredManifest {
  return { format: 1, key, preimage, outputs, durationMs, storedAt: Date.now(), host };
}

/** @throws {DiagnosticError} `missing-output`, if the stage did not write it. */
function moveOutput(name: string, path: string, staged: string): void {
  try {
    movePath(path, staged);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const message = `Cannot store output "${name}": the stage did not write it`;
    throw diagnosticError("missing-output", message);
  }
}

const HOUR_MS = 60 * 60 * 1000;

/** Notes once an hour that a task was used, so that the longest unused ones are known. */
function markUsed(manifest: string, { mtime }: Deno.FileInfo): void {
  const now = Date.now();
  if (now - (mtime?.getTime() ?? 0) < HOUR_MS) return;
  try {
    Deno.utimeSync(manifest, new Date(now), new Date(now));
  } catch (error) {
    // A store that may only be read is used all the same.
    if (!isSystemError(error)) throw error;
  }
}

/** Removes what is in `work` of the tasks that `isStale` names. */
function removeWork(work: string, isStale: (owner: Key) => boolean): void {
  for (const { name } of [...Deno.readDirSync(work)]) {
    if (isStale(name.split("-")[0] as Key)) removeQuietly(`${work}/${name}`);
  }
}

/** Shares the lock of a store that is there, with all but the garbage collection. */
async function holdStore(layout: StoreLayout): Promise<Disposable | undefined> {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(layout.usageLock, { write: true });
  } catch (error) {
    // There is no store yet, or one that may only be read: nothing of it will be collected.
    if (isSystemError(error)) return undefined;
    throw error;
  }
  try {
    await file.lock(false);
  } catch (error) {
    if (!isWithoutLocks(error)) throw error;
  }
  return file;
}

/** A log; empty where it is no file that can be read. */
function readLog(path: string): string {
  return Deno.statSync(path).isFile ? Deno.readTextFileSync(path) : "";
}
