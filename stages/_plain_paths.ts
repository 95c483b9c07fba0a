/** Makes path names that a shell reads literally, however they are quoted. @module */
import { tmpdir } from "node:os";
import { diagnosticError } from "../lib/diagnostic/diagnostic.ts";

/** Letters and digits of any script, and signs that no shell reads within a word. */
const PLAIN = /^[\p{L}\p{M}\p{N}_./+:,@%-]*$/u;

/**
 * Gives paths other names where a shell would read their characters: a folder of links represents the
 * part of a path that is not plain. So they need no quotes, and bear any.
 *
 * @example
 * ```ts ignore
 * using plain = new PlainPaths();
 * plain.of("/home/me/My Project/a.txt"); // "/tmp/tvp-3f1c9a/0/a.txt"
 * ```
 */
export class PlainPaths implements Disposable {
  readonly #names = new Map<string, string>();
  #folder: string | undefined;

  /** A plain name of what lies, or will lie, at an absolute path. */
  of(path: string): string {
    if (PLAIN.test(path)) return path;
    const steps = path.split("/");
    const odd = steps.findLastIndex((step) => !PLAIN.test(step));
    const link = this.#linkTo(steps.slice(0, odd + 1).join("/"));
    return [link, ...steps.slice(odd + 1)].join("/");
  }

  /** Removes the links. */
  [Symbol.dispose](): void {
    if (this.#folder !== undefined) Deno.removeSync(this.#folder, { recursive: true });
    this.#folder = undefined;
  }

  #linkTo(target: string): string {
    const known = this.#names.get(target);
    if (known !== undefined) return known;
    const folder = this.#folder ??= makeFolder();
    const link = `${folder}/${this.#names.size}${extensionOf(target)}`;
    Deno.symlinkSync(target, link);
    this.#names.set(target, link);
    return link;
  }
}

/** Programs tell some files by it. */
function extensionOf(path: string): string {
  return /(?:\.[A-Za-z0-9]+)+$/.exec(path)?.[0] ?? "";
}

function makeFolder(): string {
  const [dir] = [tmpdir(), "/tmp", "/var/tmp"].filter((path) => PLAIN.test(path));
  if (dir !== undefined) return Deno.makeTempDirSync({ dir, prefix: "tvp-" });
  const message = `Cannot write a path into a shell text: TMPDIR is "${tmpdir()}"`;
  const notes = ["set TMPDIR to a folder whose path has only letters, digits and any of _./+:,@%-"];
  throw diagnosticError("command-failed", message, notes);
}
