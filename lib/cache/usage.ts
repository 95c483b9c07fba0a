import { join } from "@std/path";
import type { StoreLayout } from "./layout.ts";

/** Bytes of all objects of a store. */
export function storeBytes(layout: StoreLayout): number {
  try {
    return [...Deno.readDirSync(layout.objects)]
      .reduce((sum, { name }) => sum + pathBytes(join(layout.objects, name)), 0);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
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
