/** Measures the highest memory that a piece of work takes. @module */

/** A line of a process's /proc/PID/status in bytes; undefined on other systems than Linux. */
export function statusBytes(name: string, pid: number | "self" = "self"): number | undefined {
  try {
    const found = Deno.readTextFileSync(`/proc/${pid}/status`).match(
      new RegExp(`^${name}:\\s+(\\d+) kB$`, "m"),
    );
    return found ? Number(found[1]) * 1024 : undefined;
  } catch {
    return undefined;
  }
}

/** Makes the kernel count the peak from now on (proc(5), clear_refs); false where it cannot. */
function resetPeak(): boolean {
  try {
    Deno.writeTextFileSync("/proc/self/clear_refs", "5");
    return true;
  } catch {
    return false;
  }
}

/**
 * Begins to watch the resident memory of this process.
 *
 * @returns a function that gives the highest amount since, in bytes above that at the beginning:
 * exact on Linux; elsewhere the difference of now and then, which is at most that
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 *
 * const peak = watchPeakMemory();
 * new Uint8Array(64 << 20).fill(1);
 * assert(peak() >= 0);
 * ```
 */
export function watchPeakMemory(): () => number {
  const start = Deno.memoryUsage().rss;
  const exact = resetPeak();
  return () => {
    const now = (exact ? statusBytes("VmHWM") : undefined) ?? Deno.memoryUsage().rss;
    return Math.max(0, now - start);
  };
}
