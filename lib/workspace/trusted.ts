/**
 * Remembers the code and programs that the user trusts: digests, in a file outside of any project.
 *
 * @module
 */
import { dirname, join } from "@std/path";
import { ifThere, isSystemError } from "../cache/disk/system_error.ts";

/** Where it is; `undefined` where this machine has no folder for settings. */
function trustFile(): string | undefined {
  const home = Deno.env.get("HOME") || Deno.env.get("USERPROFILE");
  const folder = Deno.env.get("XDG_CONFIG_HOME") || (home ? join(home, ".config") : undefined);
  return folder === undefined ? undefined : join(folder, "tvp", "trusted.txt");
}

/** The digests that are trusted. */
export function readTrusted(): ReadonlySet<string> {
  const path = trustFile();
  const text = path === undefined ? "" : readText(path);
  return new Set(text.split("\n").map((line) => line.slice(0, 64)).filter((line) => line !== ""));
}

/** A file that cannot be read trusts nothing. */
function readText(path: string): string {
  try {
    return ifThere(() => Deno.readTextFileSync(path)) ?? "";
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return "";
  }
}

/** Remembers digests. Returns the path of the file; `undefined` if it cannot be kept. */
export function addTrusted(digests: readonly string[]): string | undefined {
  const path = trustFile();
  if (path === undefined) return undefined;
  try {
    Deno.mkdirSync(dirname(path), { recursive: true });
    const lines = digests.map((digest) => `${digest}\n`).join("");
    Deno.writeTextFileSync(path, lines, { append: true, mode: 0o600 });
    return path;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}
