/** Reads a whole store and names what is damaged or missing. @module */
import type { Digest, Key } from "../../pipeline/contract/key.ts";
import { type StoreLayout, storeLayout, unusableStore } from "./layout.ts";
import { ObjectFolder } from "./object_folder.ts";
import { removeQuietly } from "../disk/replace_file.ts";
import { listManifests } from "./manifests.ts";
import { listObjects } from "./usage.ts";

/** What reading a whole store found. */
export interface Verification {
  readonly objects: number;
  readonly bytes: number;
  readonly tasks: number;
  /** Objects whose bytes are not what their name says, with the tasks they belong to. */
  readonly damaged: readonly ObjectProblem[];
  /** Objects that a task names and the store lacks. */
  readonly missing: readonly ObjectProblem[];
  /** Manifests that cannot be read, by path. */
  readonly manifests: readonly string[];
}

/** An object that is not as it should be. */
export interface ObjectProblem {
  readonly digest: Digest;
  readonly tasks: readonly Key[];
}

/** How to verify. */
export interface VerifyOptions {
  /** Removes damaged objects and manifests, so that their tasks run again without a warning. */
  readonly remove?: boolean;
  /** Called after each object that was read. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Reads every object of a store and compares its digest with its name.
 *
 * @throws {DiagnosticError} `cache-unusable`, if something cannot be removed.
 */
export async function verifyStore(
  root: string,
  options: VerifyOptions = {},
): Promise<Verification> {
  const layout = storeLayout(root);
  const objects = listObjects(layout);
  const { manifests, unreadable } = listManifests(layout);
  const users = usersOf(manifests);
  const damaged: Digest[] = [];
  using folder = new ObjectFolder(layout);
  for (const [i, { digest }] of objects.entries()) {
    if (!await folder.read(digest)) damaged.push(digest);
    options.onProgress?.(i + 1, objects.length);
  }
  if (options.remove) remove(layout, [...damaged.map(layout.object), ...unreadable]);
  const present = new Set(objects.map(({ digest }) => digest));
  const missing = [...users.keys()].filter((digest) => !present.has(digest));
  const problem = (digest: Digest) => ({ digest, tasks: users.get(digest) ?? [] });
  return {
    objects: objects.length,
    bytes: objects.reduce((sum, { bytes }) => sum + bytes, 0),
    tasks: manifests.length,
    damaged: damaged.map(problem),
    missing: missing.map(problem),
    manifests: unreadable,
  };
}

function remove({ root }: StoreLayout, paths: readonly string[]): void {
  try {
    paths.forEach(removeQuietly);
  } catch (error) {
    throw unusableStore(root, error);
  }
}

function usersOf(
  manifests: readonly { key: Key; digests: readonly Digest[] }[],
): Map<Digest, Key[]> {
  const users = new Map<Digest, Key[]>();
  for (const { key, digests } of manifests) {
    for (const digest of digests) {
      const keys = users.get(digest);
      if (keys === undefined) users.set(digest, [key]);
      else keys.push(key);
    }
  }
  return users;
}
