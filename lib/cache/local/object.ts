/** Objects of the store: files and folders that never change again. @module */
import { join } from "@std/path";
import type { Digest } from "../../pipeline/contract/key.ts";
import { digestPath, digestText } from "../digest/digest.ts";
import { syncPath } from "./group_sync.ts";
import { ownFiles } from "./own_files.ts";
import { removeQuietly } from "../disk/replace_file.ts";
import { isSystemError } from "../disk/system_error.ts";

/** Modification time of everything sealed: any write that does not set it back changes it. */
const SEAL = new Date("2000-01-01T00:00:00Z");

/** Size of an object: of a file, or of all files of a folder. */
export interface ObjectSize {
  readonly bytes: number;
  readonly files: number;
}

/** How a file or folder looks from outside. */
export interface Look extends ObjectSize {
  /** Whether it has the time of the seal, and nothing in it another one. */
  readonly isSealed: boolean;
  /** Which files and folders it is made of, and when each was last changed in any way. */
  readonly stamp: string;
  /** When the last of them was changed; `null` where the system does not tell. */
  readonly changedAt: Date | null;
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
 * @param name The output's, for messages.
 * @throws {DiagnosticError} `bad-output`, for what is not a file, folder or link to such.
 */
export async function sealObject(path: string, name: string): Promise<SealedObject> {
  const { files, folders, bytes } = ownFiles(path, name);
  await Promise.all(files.map(syncPath));
  const digest = await digestPath(path);
  seal(files, folders);
  return { path, digest, bytes, files: files.length };
}

function seal(files: readonly string[], folders: readonly string[]): void {
  for (const file of files) Deno.chmodSync(file, 0o444);
  for (const path of [...files, ...folders]) Deno.utimeSync(path, SEAL, SEAL);
}

/** Seals an object again that is known to be sound, if it may be written. */
export function sealIfAble(path: string): void {
  const [files, folders]: [string[], string[]] = [[], []];
  eachEntry(path, (entry, { isDirectory }) => (isDirectory ? folders : files).push(entry));
  try {
    seal(files, folders);
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

/**
 * Looks at an object without reading it.
 *
 * @throws {Deno.errors.NotFound} If there is nothing at `path`.
 */
export function lookAt(path: string): Look {
  const info = Deno.lstatSync(path);
  const own = lookOf(info);
  return info.isDirectory ? withEntries(own, path) : own;
}

/** A folder's own entry has no bytes that count. */
function lookOf({ size, mtime, ctime, ino, isDirectory, isSymlink }: Deno.FileInfo): Look {
  return {
    bytes: isDirectory ? 0 : size,
    files: isDirectory ? 0 : 1,
    isSealed: mtime?.getTime() === SEAL.getTime() && !isSymlink,
    stamp: `${ino} ${ctime?.getTime()}`,
    changedAt: ctime,
  };
}

function withEntries(folder: Look, path: string): Look {
  const looks = [...Deno.readDirSync(path)].map(({ name }) => lookAt(join(path, name)));
  const all = [folder, ...looks];
  return {
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    files: all.reduce((sum, { files }) => sum + files, 0),
    isSealed: all.every(({ isSealed }) => isSealed),
    stamp: digestText(all.map(({ stamp }) => stamp).sort().join("\n")),
    changedAt: all.map(({ changedAt }) => changedAt).reduce(later),
  };
}

function later(a: Date | null, b: Date | null): Date | null {
  return a === null || b === null ? null : a > b ? a : b;
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

/** Copies a file or a folder that holds no links; what is there is not written over. */
export function copyPath(from: string, to: string): void {
  if (Deno.lstatSync(from).isDirectory) {
    Deno.mkdirSync(to);
    for (const { name } of Deno.readDirSync(from)) copyPath(join(from, name), join(to, name));
  } else Deno.copyFileSync(from, to);
}

/** Visits a file, or a folder's entries before the folder itself. */
function eachEntry(path: string, visit: (path: string, info: Deno.FileInfo) => void): void {
  const info = Deno.lstatSync(path);
  if (info.isDirectory) {
    for (const { name } of [...Deno.readDirSync(path)]) eachEntry(join(path, name), visit);
  }
  visit(path, info);
}
