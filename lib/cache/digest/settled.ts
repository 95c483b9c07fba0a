/**
 * Decides whether the stamp of a file can be believed: a file that just changed may change again.
 *
 * @module
 */

/**
 * How much older than the moment of reading the last change of a file must be. The system tells it
 * in whole seconds here; the rest is for clocks of file servers that go after ours.
 */
const SETTLED_MS = 2000;

/**
 * Whether any change after the moment of reading shows in the time of a file's last change. That
 * time, unlike the time of its content, cannot be set: `cp -p`, `touch -d` and `tar` move it on, and
 * so does a write through another name. A file that was changed a moment ago may change again within
 * the same second, and has to be read again.
 *
 * @param changedAt The file's `ctime`; `null` where the system has none.
 * @param readMs When reading began, in milliseconds since the epoch.
 */
export function isSettled(changedAt: Date | null, readMs: number): boolean {
  return changedAt !== null && changedAt.getTime() > 0 &&
    readMs - changedAt.getTime() > SETTLED_MS;
}
