/** Remembers how each object looked when it was known to be sound. @module */
import type { Digest } from "../../pipeline/contract/key.ts";
import { replaceFile } from "../disk/replace_file.ts";
import { isSystemError } from "../disk/system_error.ts";

/**
 * How each object looked when it was known to be sound, so that it need not be read again as long as
 * it looks the same. A file that is lost, old or damaged costs time and no more.
 */
export class Seals {
  readonly #path: string;
  #stamps: Map<string, string> | undefined;
  #added = new Map<Digest, string>();

  /** @param path Where they are kept. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Whether an object looks as it did when it was sound. */
  has(digest: Digest, stamp: string): boolean {
    this.#stamps ??= readStamps(this.#path);
    return (this.#added.get(digest) ?? this.#stamps.get(digest)) === stamp;
  }

  add(digest: Digest, stamp: string): void {
    this.#added.set(digest, stamp);
  }

  /** Writes what was added to what others have written meanwhile. */
  flush(): void {
    if (this.#added.size === 0) return;
    this.#write(new Map([...readStamps(this.#path), ...this.#added]));
    this.#added = new Map();
    this.#stamps = undefined;
  }

  /** Forgets all objects but these. */
  keep(digests: ReadonlySet<Digest>): void {
    const stamps = readStamps(this.#path);
    const kept = new Map([...stamps].filter(([digest]) => digests.has(digest as Digest)));
    if (kept.size < stamps.size) this.#write(kept);
  }

  #write(stamps: ReadonlyMap<string, string>): void {
    try {
      replaceFile(this.#path, JSON.stringify([...stamps]));
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }
}

/** What is not a stamp of an object is equal to none, and does no harm. */
function readStamps(path: string): Map<string, string> {
  try {
    return new Map(JSON.parse(Deno.readTextFileSync(path)) as [string, string][]);
  } catch {
    return new Map();
  }
}
