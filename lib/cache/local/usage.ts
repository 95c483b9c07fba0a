/** Measures how much space a store takes, and for what. @module */
import { basename } from "@std/path";
import type { Digest } from "../../pipeline/contract/key.ts";
import { type StoreLayout, storeLayout } from "./layout.ts";
import { ifThere } from "../disk/system_error.ts";
import { pathsIn } from "./manifests.ts";

/** An object of a store. */
export interface ListedObject {
  readonly digest: Digest;
  readonly path: string;
  readonly bytes: number;
}

/** All objects of a store. */
export function listObjects(layout: StoreLayout): readonly ListedObject[] {
  return pathsIn(layout.objects).map((path) => ({
    digest: basename(path) as Digest,
    path,
    bytes: pathBytes(path),
  }));
}

/** What a store holds. */
export interface StoreUsage {
  readonly tasks: number;
  /** Bytes of all objects. */
  readonly bytes: number;
  /** Bytes of saved states, of what stages keep, and of what is unfinished. */
  readonly otherBytes: number;
}

/** Measures the store in a folder. */
export function storeUsage(root: string): StoreUsage {
  const layout = storeLayout(root);
  const sum = (paths: readonly string[]) =>
    paths.reduce((bytes, path) => bytes + pathBytes(path), 0);
  const others = [layout.checkpoints, layout.scratch, layout.work].flatMap(pathsIn);
  return {
    tasks: pathsIn(layout.tasks).length,
    bytes: sum(pathsIn(layout.objects)),
    otherBytes: sum(others),
  };
}

/** Bytes of a file, or of all files of a folder; what a run has just taken away counts for nothing. */
export function pathBytes(path: string): number {
  const info = ifThere(() => Deno.lstatSync(path));
  if (!info?.isDirectory) return info?.size ?? 0;
  return pathsIn(path).reduce((sum, entry) => sum + pathBytes(entry), 0);
}
