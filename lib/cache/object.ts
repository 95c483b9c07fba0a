/** Objects of the store: files and folders that never change again. @module */
import { join } from "@std/path";
import type { Digest } from "../pipeline/key.ts";
import { digestPath } from "./digest.ts";
import { syncPath } from "./group_sync.ts";
import { removeQuietly, temporaryName } from "./replace_file.ts";
import { ifThere, isSystemError } from "./system_error.ts";

/**
 * Modification time of everything sealed, as package stores do it: any write changes it, and a copy
 * of the store that keeps times needs no reading to be trusted.
 */
const SEAL = new Date("2000-01-01T00:00:00Z");

/** Size of an object: of a file, or of all files of a folder. */
export interface ObjectSize {
  readonly bytes: number;
  readonly files: number;
}

/** A file or folder that is ready to be moved into the store. */
export interface SealedObject extends ObjectSize {
  readonly path: string;
  readonly digest: Digest;
}

/**
 * Digests a file or a folder, brings it to the disk, and makes it read-only. Links become files of
 * their own, as sealing must not touch what they point to.
 *
 * @throws {Deno.errors.NotFound} If there is nothing at `path`.
 */
export async function sealObject(path: string): Promise<SealedObject> {
  const files: string[] = [];
  detachLinks(path);
  eachEntry(path, (entry, info) => {
    if (!info.isDirectory) files.push(entry);
  });
  await Promise.all(files.map(syncPath));
  const digest = await digestPath(path);
  return { path, digest, ...stampObject(path) };
}

/** Marks an object as known to be what its digest says, and gives its size. */
export function stampObject(path: string): ObjectSize {
  const size = { bytes: 0, files: 0 };
  eachEntry(path, (entry, info) => {
    if (!info.isDirectory) {
      size.bytes += info.size;
      size.files += 1;
      Deno.chmodSync(entry, 0o444);
    }
    Deno.utimeSync(entry, SEAL, SEAL);
  });
  return size;
}

/** Marks an object as known to be sound, if it may be written: else it is read again next time. */
export function stampIfAble(path: string): void {
  try {
    stampObject(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

/** Whether nothing was written to an object since it was sealed, as far as times and sizes say. */
export function isSealed(path: string, size: ObjectSize): boolean {
  const found = { bytes: 0, files: 0, intact: true };
  measure(path, found);
  return found.intact && found.bytes === size.bytes && found.files === size.files;
}

function measure(path: string, found: { bytes: number; files: number; intact: boolean }): void {
  const info = Deno.lstatSync(path);
  found.intact &&= info.mtime?.getTime() === SEAL.getTime() && !info.isSymlink;
  if (info.isDirectory) {
    for (const { name } of Deno.readDirSync(path)) measure(join(path, name), found);
    return;
  }
  found.bytes += info.size;
  found.files += 1;
}

/**
 * Moves a sealed object to its place. An object that is already there stays if it is intact.
 *
 * @returns Whether the object is new.
 */
export function placeObject(object: SealedObject, target: string): boolean {
  if (exists(target)) {
    if (isSealed(target, object)) return false;
    // A folder cannot be replaced by renaming, and a damaged one is of no use to anyone.
    removeQuietly(target);
  }
  try {
    Deno.renameSync(object.path, target);
    return true;
  } catch (error) {
    // Another run has placed the same folder a moment ago.
    if (exists(target) && isSealed(target, object)) return false;
    throw error;
  }
}

function exists(path: string): boolean {
  return ifThere(() => Deno.lstatSync(path)) !== undefined;
}

/** Puts copies in the place of links, symbolic and hard. */
function detachLinks(path: string): void {
  const linked: string[] = [];
  eachEntry(path, (entry, info) => {
    if (info.isSymlink || (info.isFile && (info.nlink ?? 1) > 1)) linked.push(entry);
  });
  for (const entry of linked) {
    const copy = `${entry}.${temporaryName()}`;
    copyPath(entry, copy);
    Deno.removeSync(entry);
    Deno.renameSync(copy, entry);
  }
}

/** Moves a file or a folder, also to another file system. */
export function movePath(from: string, to: string): void {
  try {
    Deno.renameSync(from, to);
  } catch (error) {
    if (!isSystemError(error) || error.code !== "EXDEV") throw error;
    copyPath(from, to);
    removeQuietly(from);
  }
}

/** Copies a file or a folder, following links. */
function copyPath(from: string, to: string): void {
  if (!Deno.statSync(from).isDirectory) return Deno.copyFileSync(from, to);
  Deno.mkdirSync(to);
  for (const { name } of Deno.readDirSync(from)) copyPath(join(from, name), join(to, name));
}

/** Visits a file, or a folder's entries before the folder itself. */
function eachEntry(path: string, visit: (path: string, info: Deno.FileInfo) => void): void {
  const info = Deno.lstatSync(path);
  if (info.isDirectory) {
    for (const { name } of [...Deno.readDirSync(path)]) eachEntry(join(path, name), visit);
  }
  visit(path, info);
}
