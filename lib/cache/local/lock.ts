/** Locks a task, so that two runs do not do it at once. @module */
import { delay } from "@std/async/delay";
import { ifThere } from "../disk/system_error.ts";

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
    await delay(delayMs, { signal });
  }
}

/** Takes the lock of a file if nobody holds it. */
export function tryLockFile(path: string): Disposable | undefined {
  const file = Deno.openSync(path, { write: true, create: true });
  try {
    if (lockIfAble(file) && isSameFile(file, path)) {
      return { [Symbol.dispose]: () => release(file, path) };
    }
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return undefined;
}

/**
 * What systems say of files on which there are no locks, such as some network mounts': ENOLCK,
 * ENOSYS and EOPNOTSUPP of Linux and macOS, by number as not every one of them has a code.
 */
const NO_LOCKS = /\(os error (?:37|38|45|77|78|95|102)\)/;

/** Whether an error says that files cannot be locked where this one lies. */
export function isWithoutLocks(error: unknown): boolean {
  return error instanceof Error && NO_LOCKS.test(error.message);
}

/**
 * Where there are no locks everyone gets one: two runs may then do the same task at once, which
 * costs time and no more, as results are moved into place whole.
 */
function lockIfAble(file: Deno.FsFile): boolean {
  try {
    return file.tryLockSync(true);
  } catch (error) {
    if (isWithoutLocks(error)) return true;
    throw error;
  }
}

/** The last holder may have removed the file between our opening and locking it. */
function isSameFile(file: Deno.FsFile, path: string): boolean {
  return ifThere(() => Deno.statSync(path))?.ino === file.statSync().ino;
}

function release(file: Deno.FsFile, path: string): void {
  try {
    ifThere(() => Deno.removeSync(path));
  } finally {
    file.close();
  }
}
