/** How much memory a training may take. @module */

/** Of what is free, the share that is planned with: other tasks and the system need some. */
const share = 0.8;

/**
 * Bytes that a step on the processor may take.
 *
 * @param declared What the task was given, `resources.memory`; without, 0.8 of what is free.
 * @returns Undefined where it is not known.
 */
export function memoryBudget(declared: number | undefined): number | undefined {
  if (declared !== undefined) return declared;
  try {
    return share * Math.min(Deno.systemMemoryInfo().available, ...controlGroupLimit());
  } catch {
    return undefined;
  }
}

/** What the container leaves, where there is one (Linux, control groups version 2). */
function controlGroupLimit(): number[] {
  try {
    const [limit, used] = ["max", "current"].map((name) =>
      Number(Deno.readTextFileSync(`/sys/fs/cgroup/memory.${name}`))
    );
    return Number.isFinite(limit! - used!) ? [limit! - used!] : [];
  } catch {
    return [];
  }
}
