/** Cost of the engine itself: pipelines whose tasks do next to nothing, other runners beside it. @module */
import type { Benchmark, BenchRow } from "./benchmark.ts";
import { writeSources } from "./engine_graph.ts";
import {
  type CommandLine,
  isThere,
  otherTools,
  ownTools,
  runProgram,
  type Tool,
} from "./engine_tools.ts";

/**
 * Whole processes, start-up included, on the same graph in one run: a plan before anything has run,
 * the first run, and a run with everything cached. Runners take turns, and the shortest time counts.
 */
export const benchEngine: Benchmark = async ({ rounds, sizes, beside }) => {
  const tools = [...ownTools];
  const notes: string[] = [];
  for (const name of beside) {
    const tool = otherTools[name]!;
    if (await isThere(tool.program!)) tools.push(tool);
    else {notes.push(
        `without ${name}: ${tool.program} is not there; name it by ${name.toUpperCase()}=`,
      );}
  }
  const rows: BenchRow[] = [];
  for (const size of sizes) {
    const able = tools.filter(({ most = Infinity }) => size <= most);
    const times = able.map(() => new Times());
    // Thousands of tasks take long enough to be steady by themselves.
    const repeats = size > 1000 ? 1 : size > 100 ? Math.min(2, rounds) : rounds;
    for (let round = 0; round < repeats; round++) await measureRound(able, size, times);
    able.forEach((tool, index) => {
      rows.push({ name: `${size} ${tool.name}`, figures: figuresOf(times[index]!, size) });
      if (isSeeded(tool, size)) {
        notes.push(`${size} ${tool.name}: first run left out, its state written directly`);
      }
    });
  }
  return { rows, summary: {}, notes };
};

/** One round of all runners in turn, each in a folder of its own. */
async function measureRound(
  tools: readonly Tool[],
  size: number,
  times: readonly Times[],
): Promise<void> {
  const folders = tools.map(() => Deno.makeTempDirSync({ prefix: "tvp-bench-" }));
  const each = async (step: (tool: Tool, folder: string, times: Times) => Promise<void>) => {
    for (const [index, tool] of tools.entries()) await step(tool, folders[index]!, times[index]!);
  };
  try {
    await each(async (tool, folder) => {
      writeSources(folder, size);
      await tool.prepare(folder, size);
    });
    await each((tool, folder, times) => times.take("plan", folder, tool.plan));
    await each(async (tool, folder, times) => {
      if (isSeeded(tool, size)) tool.seed?.(folder, size);
      else await times.take("first", folder, tool.first);
    });
    for (let again = 0; again < 2; again++) {
      await each((tool, folder, times) => times.take("cached", folder, tool.cached));
    }
  } finally {
    for (const folder of folders) Deno.removeSync(folder, { recursive: true });
  }
}

function isSeeded({ maxFirst = Infinity }: Tool, size: number): boolean {
  return size > maxFirst;
}

function figuresOf(times: Times, size: number): Record<string, number> {
  const figures = times.shortest();
  const first = figures["first ms"];
  return first === undefined ? figures : { ...figures, "first ms/task": first / size };
}

/** The shortest times under each name. */
class Times {
  readonly #best = new Map<string, number>();

  async take(name: string, folder: string, command: CommandLine | undefined): Promise<void> {
    if (command === undefined) return;
    const { wallMs, cpuMs } = await runProgram(folder, command);
    this.#keep(`${name} ms`, wallMs);
    if (cpuMs !== undefined) this.#keep(`${name} CPU ms`, cpuMs);
  }

  #keep(name: string, value: number): void {
    this.#best.set(name, Math.min(this.#best.get(name) ?? Infinity, value));
  }

  shortest(): Record<string, number> {
    return Object.fromEntries(this.#best);
  }
}
