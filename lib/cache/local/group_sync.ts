/** Makes written files safe on the disk, several at once. @module */
import { isSystemError } from "../disk/system_error.ts";

/** How long a written file may wait for the disk. */
const GROUP_MS = 50;

/**
 * Brings files and the folders they lie in to the disk, many at a time: waiting for each alone would
 * cost more than a small task does. Until then a crash of the machine (not of the process) may lose
 * the file, so it serves for what may be lost, not for what must not be half there.
 */
export class GroupSync implements AsyncDisposable {
  #waiting = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> = Promise.resolve();

  /** Brings a file's bytes or a folder's entries to the disk, 50 ms from now or when disposed. */
  add(path: string): void {
    this.#waiting.add(path);
    this.#timer ??= setTimeout(() => this.#start(), GROUP_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // To clear none would still have Deno load its timers.
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#start();
    await this.#running;
  }

  #start(): void {
    const paths = [...this.#waiting];
    this.#waiting = new Set();
    this.#timer = undefined;
    this.#running = this.#running.then(async () => {
      await Promise.all(paths.map(syncPath));
    });
  }
}

/** Waits until a file's bytes, or a folder's entries, are on the disk. */
export async function syncPath(path: string): Promise<void> {
  try {
    using file = Deno.openSync(path);
    await file.sync();
  } catch (error) {
    // It may be replaced or collected by now, and some file systems cannot sync folders.
    if (!isSystemError(error)) throw error;
  }
}
