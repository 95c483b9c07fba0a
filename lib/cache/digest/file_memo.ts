/** Remembers what was computed from a file, as long as the file looks the same. @module */
import { readRecordJson } from "../disk/regular_file.ts";
import { replaceFile } from "../disk/replace_file.ts";
import { isSettled } from "./settled.ts";
import { isSystemError } from "../disk/system_error.ts";

/** Device, inode, size, times of content and of last change: what changes when a file's bytes do. */
type Stamp = string;

interface Entry {
  readonly stamp: Stamp;
  readonly value: unknown;
}

/** A kind of value that is kept of files. */
export interface MemoKind<T> {
  /** Tells apart the values kept of one file; it must change when `compute` does. */
  readonly name: string;
  readonly compute: (path: string) => T | Promise<T>;
  /** Whether what was kept is such a value: the file of a memo may be damaged. */
  readonly is: (value: unknown) => value is T;
}

/** What a memo asks the system. */
export interface MemoSystem {
  readonly stat: (path: string) => Deno.FileInfo;
  readonly now: () => number;
}

/**
 * Values computed from the bytes of files, kept from run to run and computed again when the file is
 * another one or may have changed.
 *
 * @example
 * ```ts
 * const memo = new FileMemo(await Deno.makeTempFile());
 * const lines = {
 *   name: "lines",
 *   compute: (path: string) => Deno.readTextFileSync(path).split("\n").length,
 *   is: (value: unknown) => typeof value === "number",
 * };
 * await memo.get(lines, "LICENSE");
 * memo.flush();
 * ```
 */
export class FileMemo {
  readonly #path: string | undefined;
  readonly #system: MemoSystem;
  #entries: Map<string, Entry> | undefined;
  #changed = false;

  /** @param path Where the values are kept; without one they last as long as the object. */
  constructor(path?: string, system: MemoSystem = { stat: Deno.statSync, now: Date.now }) {
    this.#path = path;
    this.#system = system;
  }

  /**
   * The value of a file, from the memo if its bytes are the ones that were seen.
   *
   * @throws {Deno.errors.NotFound} If there is no such file.
   */
  async get<T>(kind: MemoKind<T>, path: string): Promise<T> {
    const entries = this.#entries ??= readEntries(this.#path);
    const { stat, now } = this.#system;
    const info = stat(path);
    const stamp = stampOf(info);
    const name = `${kind.name}:${path}`;
    const known = entries.get(name);
    if (known?.stamp === stamp && kind.is(known.value)) return known.value;
    const readMs = now();
    const value = await kind.compute(path);
    if (isSettled(info.ctime, readMs) && stampOf(stat(path)) === stamp) {
      entries.set(name, { stamp, value });
      this.#changed = true;
    }
    return value;
  }

  /** Writes what was learnt; a memo that cannot be written costs time later, and is not an error. */
  flush(): void {
    if (!this.#changed || this.#path === undefined || this.#entries === undefined) return;
    try {
      replaceFile(this.#path, JSON.stringify([...this.#entries]));
      this.#changed = false;
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }
}

function stampOf({ dev, ino, size, mtime, ctime }: Deno.FileInfo): Stamp {
  return [dev, ino, size, ...[mtime, ctime].map((time) => time?.getTime())].join(" ");
}

function readEntries(path: string | undefined): Map<string, Entry> {
  if (path === undefined) return new Map();
  try {
    const entries = readRecordJson(path) as [string, Entry][];
    return new Map(entries.filter(([, entry]) => typeof entry.stamp === "string"));
  } catch {
    return new Map();
  }
}
