/** Lists the tasks of a store. @module */
import { readRecordJson } from "../disk/regular_file.ts";
import { basename, join } from "@std/path";
import type { Digest, Key } from "../../pipeline/contract/key.ts";
import type { StoreLayout } from "./layout.ts";
import { isStoredManifest } from "./manifest_form.ts";
import { ifThere } from "../disk/system_error.ts";

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
    const manifest: unknown = readRecordJson(path);
    if (!isStoredManifest(manifest) || `${manifest.key}.json` !== basename(path)) return undefined;
    const { key, preimage, outputs } = manifest;
    const digests = Object.values(outputs).map(({ digest }) => digest);
    const usedAt = Deno.statSync(path).mtime?.getTime() ?? 0;
    return { key, stage: preimage.stage, digests, usedAt };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Paths of a folder's entries, sorted; none if there is no such folder. */
export function pathsIn(folder: string): readonly string[] {
  const entries = ifThere(() => [...Deno.readDirSync(folder)]) ?? [];
  return entries.map(({ name }) => join(folder, name)).sort();
}
