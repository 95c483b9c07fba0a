/** Remembers how each object looked when it was known to be sound. @module */
import { readRecordJson } from "../disk/regular_file.ts";
import type { Digest } from "../../pipeline/contract/key.ts";
import { replaceFile } from "../disk/replace_file.ts";
import { isSystemError } from "../disk/system_error.ts";

/** Stamps by the digests of their objects. A map would take three times as long to make. */
type Stamps = Record<string, string>;

/**
 * How each object looked when it was known to be sound, so that it need not be read again as long as
 * it looks the same. A file that is lost, old or damaged costs time and no more.
 */
export class Seals {
  readonly #path: string;
  #stamps: Stamps | undefined;
  #added: Stamps = {};

  /** @param path Where they are kept. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Whether an object looks as it did when it was sound. */
  has(digest: Digest, stamp: string): boolean {
    this.#stamps ??= readStamps(this.#path);
    return (this.#added[digest] ?? this.#stamps[digest]) === stamp;
  }

  add(digest: Digest, stamp: string): void {
    this.#added[digest] = stamp;
  }

  /** Writes what was added to what others have written meanwhile. */
  flush(): void {
    if (Object.keys(this.#added).length === 0) return;
    this.#write({ ...readStamps(this.#path), ...this.#added });
    this.#added = {};
    this.#stamps = undefined;
  }

  /** Forgets all objects but these. */
  keep(digests: ReadonlySet<Digest>): void {
    const stamps = readStamps(this.#path);
    const all = Object.entries(stamps);
    const kept = all.filter(([digest]) => digests.has(digest as Digest));
    if (kept.length < all.length) this.#write(Object.fromEntries(kept));
  }

  #write(stamps: Stamps): void {
    try {
      replaceFile(this.#path, JSON.stringify(stamps));
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }
}

/** A value that is not a stamp is equal to none, and does no harm. */
function readStamps(path: string): Stamps {
  try {
    const stamps: unknown = readRecordJson(path);
    return Array.isArray(stamps) ? {} : Object(stamps);
  } catch {
    return {};
  }
}
