import { basename, join } from "@std/path";
import type { Digest } from "../pipeline/key.ts";
import type { StoreLayout } from "./layout.ts";
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

/** Bytes of all objects of a store. */
export function storeBytes(layout: StoreLayout): number {
  return listObjects(layout).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Bytes of a file, or of all files of a folder. */
export function pathBytes(path: string): number {
  const info = Deno.lstatSync(path);
  if (!info.isDirectory) return info.size;
  return [...Deno.readDirSync(path)].reduce(
    (sum, { name }) => sum + pathBytes(join(path, name)),
    0,
  );
}
