/** How much memory a training may take. @module */
import process from "node:process";

/** Of what is free, the share that is planned with: other tasks and the system need some. */
const share = 0.8;

/**
 * Bytes that a step on the processor may take.
 *
 * @param declared What the task was given, `resources.memory`; without, its part of 0.8 of what is
 * free.
 * @param sideBySide How many such tasks may run at once: others may begin at the same time, and have
 * not taken anything yet.
 * @returns Undefined where it is not known.
 */
export function memoryBudget(declared: number | undefined, sideBySide = 1): number | undefined {
  if (declared !== undefined) return declared;
  try {
    return share / sideBySide * Math.min(Deno.systemMemoryInfo().available, ...containerRest());
  } catch {
    return undefined;
  }
}

/** What the container leaves to this process, where there is one. */
function containerRest(): number[] {
  // Node's word for it, because Deno reads files of the system to those only who may do anything.
  const limit = process.constrainedMemory();
  return limit > 0 ? [limit - Deno.memoryUsage().rss] : [];
}
