import { statSync } from "node:fs";
import { dirname } from "@std/path";
import { replaceFile } from "./replace_file.ts";
import { isSystemError } from "./system_error.ts";

/** Size, modification time in nanoseconds and inode: what changes when a file's bytes do. */
type Stamp = string;

interface Entry {
  readonly stamp: Stamp;
  readonly value: unknown;
}

/**
 * A file whose time lies less than this before the moment it was read may change again without its
 * time changing, as kernels keep file times by the tick; what was read from it is not kept.
 */
const TICK_MS = 40;

/**
 * Values computed from the bytes of files, kept from run to run and computed again when a file's
 * size, modification time or inode changes.
 *
 * @example
 * ```ts
 * const memo = new FileMemo(".tvp/cache/memo.json");
 * const lines = await memo.get("lines", "a.txt", (path) => Deno.readTextFileSync(path).split("\n").length);
 * memo.flush();
 * ```
 */
export class FileMemo {
  readonly #path: string | undefined;
  #entries: Map<string, Entry> | undefined;
  #changed = false;

  /** @param path Where the values are kept; without one they last as long as the object. */
  constructor(path?: string) {
    this.#path = path;
  }

  /**
   * The value of `compute(path)`, from the memo if the file is the one that was seen.
   *
   * @param kind Tells apart the values kept of one file; it must change when `compute` does.
   * @throws {Deno.errors.NotFound} If there is no such file.
   */
  async get<T>(
    kind: string,
    path: string,
    compute: (path: string) => T | Promise<T>,
  ): Promise<T> {
    const entries = this.#entries ??= readEntries(this.#path);
    const { stamp, changedMs } = stampOf(path);
    const name = `${kind}:${path}`;
    const known = entries.get(name);
    if (known?.stamp === stamp) return known.value as T;
    const readMs = Date.now();
    const value = await compute(path);
    if (readMs - changedMs > TICK_MS && stampOf(path).stamp === stamp) {
      entries.set(name, { stamp, value });
      this.#changed = true;
    }
    return value;
  }

  /** Writes what was learnt; a memo that cannot be written costs time later, and is no error. */
  flush(): void {
    if (!this.#changed || this.#path === undefined || this.#entries === undefined) return;
    try {
      Deno.mkdirSync(dirname(this.#path), { recursive: true });
      replaceFile(this.#path, JSON.stringify([...this.#entries]));
      this.#changed = false;
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }
}

function stampOf(path: string): { stamp: Stamp; changedMs: number } {
  const { size, mtimeNs, ino } = statSync(path, { bigint: true });
  return { stamp: `${size} ${mtimeNs} ${ino}`, changedMs: Number(mtimeNs / 1_000_000n) };
}

function readEntries(path: string | undefined): Map<string, Entry> {
  if (path === undefined) return new Map();
  try {
    return new Map(JSON.parse(Deno.readTextFileSync(path)) as [string, Entry][]);
  } catch {
    return new Map();
  }
}
