/** Removes what a store no longer needs, by age, by size and by the runs that use it. @module */
import { basename } from "@std/path";
import { type DiagnosticError, diagnosticError } from "../../diagnostic/diagnostic.ts";
import type { Key } from "../../pipeline/contract/key.ts";
import { type StoreLayout, storeLayout, unusableStore } from "./layout.ts";
import { isWithoutLocks } from "./lock.ts";
import { type ListedManifest, listManifests, pathsIn } from "./manifests.ts";
import { removeQuietly } from "../disk/replace_file.ts";
import { isSystemError } from "../disk/system_error.ts";
import { Seals } from "./seals.ts";
import { type ListedObject, listObjects, pathBytes } from "./usage.ts";

/** What the garbage collection leaves. Without a limit it takes only what no task refers to. */
export interface GcOptions {
  /** Tasks that stay at any age, such as those of the last runs. */
  readonly keep?: ReadonlySet<Key>;
  /** Tasks not used for longer than this go. */
  readonly maxAgeMs?: number;
  /**
   * The last used tasks stay whose objects take no more than this together. One that is too large goes,
   * and makes room for those that were used before it.
   */
  readonly maxBytes?: number;
  /** Whether only those tasks stay that `keep` names. */
  readonly onlyKept?: boolean;
  /** Removes nothing, and says what it would. */
  readonly dryRun?: boolean;
  /** Milliseconds since the epoch. */
  readonly now?: number;
}

/** What a garbage collection removed, or would. */
export interface GcResult {
  readonly tasks: readonly Key[];
  readonly objects: number;
  /** Bytes of removed objects, checkpoints, downloads and leftovers. */
  readonly freedBytes: number;
  readonly keptTasks: number;
  readonly keptBytes: number;
}

/**
 * Removes tasks, the objects that no remaining task refers to, and what crashed runs left.
 *
 * @throws {DiagnosticError} `cache-in-use`, if a run uses the store: its newest objects have no
 * manifest yet; `cache-unusable`, if it may only be read or knows no
 * locks, unless it is a dry run.
 */
export function collectGarbage(root: string, options: GcOptions = {}): GcResult {
  const layout = storeLayout(root);
  if (pathsIn(root).length === 0) return nothing;
  using _lock = lockStore(layout, options.dryRun ?? false);
  const objects = listObjects(layout);
  const { manifests, unreadable } = listManifests(layout);
  const kept = choose(manifests, objects, options);
  const keptDigests = new Set([...kept].flatMap(({ digests }) => digests));
  const tasks = manifests.filter((manifest) => !kept.has(manifest)).map(({ key }) => key);
  const garbage = objects.filter(({ digest }) => !keptDigests.has(digest));
  const leftovers = [
    ...unreadable,
    ...pathsIn(layout.work),
    // Those of killed runs: nobody holds any.
    ...pathsIn(layout.locks),
    ...staleCheckpoints(layout, options),
    ...staleScratch(layout.scratch, options),
  ];
  const freedBytes = sum(garbage) + leftovers.reduce((bytes, path) => bytes + pathBytes(path), 0);
  if (!options.dryRun) {
    // Manifests first: a task without objects would be a warning, objects without a task are not.
    tasks.flatMap((key) => [layout.manifest(key), layout.log(key)]).forEach(removeQuietly);
    [...garbage.map(({ path }) => path), ...leftovers].forEach(removeQuietly);
    new Seals(layout.seals).keep(keptDigests);
  }
  return {
    tasks,
    objects: garbage.length,
    freedBytes,
    keptTasks: kept.size,
    keptBytes: sum(objects) - sum(garbage),
  };
}

const nothing: GcResult = { tasks: [], objects: 0, freedBytes: 0, keptTasks: 0, keptBytes: 0 };

/** Keeps runs away; a dry run, which changes nothing, as far as that works without writing. */
function lockStore(layout: StoreLayout, dryRun: boolean): Disposable | undefined {
  const file = dryRun ? openToRead(layout) : openLock(layout);
  if (file === undefined) return undefined;
  try {
    if (file.tryLockSync(true)) return file;
  } catch (error) {
    file.close();
    if (dryRun) return undefined;
    if (!isWithoutLocks(error)) throw error;
    throw cannotCollect("cache-unusable", layout, "there are no locks on the file system of");
  }
  file.close();
  throw cannotCollect("cache-in-use", layout, "a run is using");
}

function openToRead({ usageLock }: StoreLayout): Deno.FsFile | undefined {
  try {
    return Deno.openSync(usageLock);
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

function openLock({ usageLock, root }: StoreLayout): Deno.FsFile {
  try {
    return Deno.openSync(usageLock, { write: true, create: true });
  } catch (error) {
    throw unusableStore(root, error);
  }
}

function cannotCollect(code: string, { root }: StoreLayout, cause: string): DiagnosticError {
  const message = `Cannot collect garbage: ${cause} the cache "${root}"`;
  return diagnosticError(code, message);
}

/** The tasks that stay. */
function choose(
  manifests: readonly ListedManifest[],
  objects: readonly ListedObject[],
  options: GcOptions,
): ReadonlySet<ListedManifest> {
  const { keep = new Set<Key>(), maxAgeMs = Infinity, now = Date.now() } = options;
  const isOld = ({ usedAt }: ListedManifest) => options.onlyKept || now - usedAt > maxAgeMs;
  const young = manifests.filter((manifest) => keep.has(manifest.key) || !isOld(manifest));
  return new Set(fitting(young, objects, { keep, maxBytes: options.maxBytes ?? Infinity }));
}

/** The tasks to keep, and of the others, the last used ones first, each whose objects fit as well. */
function fitting(
  manifests: readonly ListedManifest[],
  objects: readonly ListedObject[],
  { keep, maxBytes }: { keep: ReadonlySet<Key>; maxBytes: number },
): readonly ListedManifest[] {
  const bytesOf = new Map(objects.map(({ digest, bytes }) => [digest, bytes]));
  const taken = new Set<string>();
  let total = 0;
  const rank = ({ key }: ListedManifest) => keep.has(key) ? 1 : 0;
  const order = manifests.toSorted((a, b) => rank(b) - rank(a) || b.usedAt - a.usedAt);
  return order.filter((manifest) => {
    const added = [...new Set(manifest.digests)].filter((digest) => !taken.has(digest));
    const bytes = added.reduce((sum, digest) => sum + (bytesOf.get(digest) ?? 0), 0);
    if (rank(manifest) === 0 && total + bytes > maxBytes) return false;
    total += bytes;
    for (const digest of added) taken.add(digest);
    return true;
  });
}

/** Checkpoints of tasks that nobody went on with; young ones are someone's unfinished work. */
function staleCheckpoints(layout: StoreLayout, options: GcOptions): readonly string[] {
  const { maxAgeMs, now = Date.now() } = options;
  if (maxAgeMs === undefined) return [];
  return pathsIn(layout.checkpoints).filter((path) =>
    now - (Deno.statSync(path).mtime?.getTime() ?? 0) > maxAgeMs
  );
}

/**
 * What stages keep in `scratch` is theirs, an entry of a folder in it at a time: it goes when nothing
 * of it was read or written for long. Unfinished downloads go at once, as no run uses the store.
 */
function staleScratch(scratch: string, options: GcOptions): readonly string[] {
  const { maxAgeMs = SCRATCH_AGE_MS, now = Date.now() } = options;
  const entries = pathsIn(scratch).flatMap(entriesOf);
  const stale = entries.filter((path) => now - touchedAt(path) > maxAgeMs);
  const unfinished = entries.filter((path) => !stale.includes(path)).flatMap(unfinishedIn);
  return [...stale, ...unfinished];
}

/** A month. */
const SCRATCH_AGE_MS = 30 * 24 * 3600 * 1000;

function entriesOf(path: string): readonly string[] {
  return Deno.lstatSync(path).isDirectory ? pathsIn(path) : [path];
}

/** When anything of a file or folder was last read or written. */
function touchedAt(path: string): number {
  const { atime, mtime, isDirectory } = Deno.lstatSync(path);
  const own = Math.max(isDirectory ? 0 : atime?.getTime() ?? 0, mtime?.getTime() ?? 0);
  if (!isDirectory) return own;
  return pathsIn(path).reduce((latest, inner) => Math.max(latest, touchedAt(inner)), own);
}

/** Names of files and folders that are renamed when they are whole. */
const UNFINISHED = /^part-|\.(?:tmp|part|partial)$/;

function unfinishedIn(path: string): readonly string[] {
  if (UNFINISHED.test(basename(path))) return [path];
  return Deno.lstatSync(path).isDirectory ? pathsIn(path).flatMap(unfinishedIn) : [];
}

function sum(objects: readonly ListedObject[]): number {
  return objects.reduce((bytes, object) => bytes + object.bytes, 0);
}
