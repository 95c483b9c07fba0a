/** Says what is at a path. @module */

/** Entries of a folder; of anything else, none. */
export function entries(path: string): Deno.DirEntry[] {
  return isDirectory(path) ? [...Deno.readDirSync(path)] : [];
}

/** Whether there is a folder. */
export function isDirectory(path: string): boolean {
  return statOf(path)?.isDirectory ?? false;
}

/** Whether there is anything. */
export function exists(path: string): boolean {
  return statOf(path) !== undefined;
}

/** What is there, if anything. */
export function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}
