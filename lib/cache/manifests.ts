import { join } from "@std/path";
import type { Digest, Key } from "../pipeline/key.ts";
import type { Manifest } from "../pipeline/store.ts";
import type { StoreLayout } from "./layout.ts";
import { ifThere } from "./system_error.ts";

/** A stored task, as far as collecting and verifying need to know it. */
export interface ListedManifest {
  readonly key: Key;
  readonly stage: string;
  readonly digests: readonly Digest[];
  /** When it was stored or last looked up, to the hour, in milliseconds since the epoch. */
  readonly usedAt: number;
}

/** Reads all manifests of a store; those that cannot be read are given by path. */
export function listManifests(
  layout: StoreLayout,
): { manifests: readonly ListedManifest[]; unreadable: readonly string[] } {
  const manifests: ListedManifest[] = [];
  const unreadable: string[] = [];
  for (const path of pathsIn(layout.tasks)) {
    const manifest = readManifest(path);
    if (manifest === undefined) unreadable.push(path);
    else manifests.push(manifest);
  }
  return { manifests, unreadable };
}

function readManifest(path: string): ListedManifest | undefined {
  try {
    const { key, preimage, outputs } = JSON.parse(Deno.readTextFileSync(path)) as Manifest;
    const digests = Object.values(outputs).map(({ digest }) => digest);
    const usedAt = Deno.statSync(path).mtime?.getTime() ?? 0;
    return { key, stage: preimage.stage, digests, usedAt };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Paths of a folder's entries, sorted; none if there is no such folder. */
export function pathsIn(folder: string): readonly string[] {
  const entries = ifThere(() => [...Deno.readDirSync(folder)]) ?? [];
  return entries.map(({ name }) => join(folder, name)).sort();
}
