import { statSync } from "node:fs";

/** Shortest and longest time between two tries for a lock. */
const POLL_MS = { first: 5, longest: 100 };

/** How to wait for a lock. */
export interface LockOptions {
  readonly signal: AbortSignal;
  /** Called once if the lock is held by someone else. */
  readonly onWait?: () => void;
}

/**
 * Takes the lock of a file, waiting for as long as another process, or another part of this one,
 * holds it. The system gives a lock back when its holder ends, however it ends, so no lock is ever
 * stale. The file is removed when the lock is given back.
 *
 * @throws The signal's reason if it is aborted first.
 */
export async function lockFile(path: string, options: LockOptions): Promise<Disposable> {
  const { signal, onWait } = options;
  for (let delayMs = 0;;) {
    signal.throwIfAborted();
    const lock = tryLockFile(path);
    if (lock !== undefined) return lock;
    if (delayMs === 0) onWait?.();
    delayMs = Math.min(POLL_MS.longest, delayMs * 2 || POLL_MS.first);
    await pause(delayMs, signal);
  }
}

/** Takes the lock of a file if nobody holds it. */
export function tryLockFile(path: string): Disposable | undefined {
  const file = Deno.openSync(path, { write: true, create: true });
  try {
    if (file.tryLockSync(true) && isSameFile(file, path)) {
      return { [Symbol.dispose]: () => release(file, path) };
    }
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return undefined;
}

/** The last holder may have removed the file between our opening and locking it. */
function isSameFile(file: Deno.FsFile, path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.ino === file.statSync().ino;
}

function release(file: Deno.FsFile, path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  } finally {
    file.close();
  }
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, delayMs);
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
