/** Keeps the project's lock file unchanged when a user's own code imports other packages. @module */
import { dirname } from "@std/path";
import { replaceFile } from "../cache/disk/replace_file.ts";
import { ifThere, isSystemError } from "../cache/disk/system_error.ts";
import { sha256 } from "../pipeline/contract/canonical.ts";

const lockFile = new URL("../../deno.lock", import.meta.url);

/**
 * Flags of a process that may load a user's own code: a copy of the project's lock file takes up the
 * packages that are not in it, and keeps their versions for the next time. One that is out of date
 * has another name.
 *
 * @param folder Where the copy is kept. If it cannot be written there is no copy, and no lock file.
 */
export function lockFlags(folder: string): readonly string[] {
  const text = ifThere(() => Deno.readTextFileSync(lockFile));
  if (text === undefined) return [];
  // To look at a pipeline makes no store.
  if (ifThere(() => Deno.statSync(dirname(folder))) === undefined) return ["--no-lock"];
  const path = `${folder}/deno-${sha256(text).slice(0, 12)}.lock`;
  try {
    if (ifThere(() => Deno.statSync(path)) === undefined) {
      Deno.mkdirSync(folder, { recursive: true });
      replaceFile(path, text);
    }
    return [`--lock=${path}`];
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return ["--no-lock"];
  }
}
