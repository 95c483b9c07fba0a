/** The graph that every runner is given: trivial tasks in a tree. @module */
import { join } from "@std/path";

/** Task `i` reads a file of its own and the output of task `(i − 1) / 3`, and writes one output. */
export function parentOf(task: number): number | undefined {
  return task === 0 ? undefined : Math.floor((task - 1) / 3);
}

/** Inputs of a task as paths, where runners keep outputs beside sources. */
export function inputsOf(task: number): string[] {
  const parent = parentOf(task);
  return [`src/${task}.txt`, ...(parent === undefined ? [] : [`out/${parent}.txt`])];
}

/** Output of a task, likewise. */
export function outputOf(task: number): string {
  return `out/${task}.txt`;
}

/** `each` for every task. */
export function eachTask<T>(size: number, each: (task: number) => T): T[] {
  return Array.from({ length: size }, (_, task) => each(task));
}

/** Writes the source files, and a folder for the outputs. */
export function writeSources(folder: string, size: number): void {
  Deno.mkdirSync(join(folder, "src"));
  Deno.mkdirSync(join(folder, "out"));
  for (let task = 0; task < size; task++) {
    Deno.writeTextFileSync(join(folder, `src/${task}.txt`), `source ${task}\n`.repeat(20));
  }
}
