/** Says whether a path is a folder. @module */

/** Whether there is a folder of this name. */
export function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
