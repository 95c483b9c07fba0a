/** Says whether a path exists. @module */

/** Whether there is a file or folder of this name; one that cannot be reached counts as missing. */
export function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
