/** Cost of the engine itself: pipelines whose tasks do nothing, with `make` beside it. @module */
import { join } from "@std/path";
import type { Benchmark, BenchRow } from "./benchmark.ts";

const main = new URL("../../lib/cli/main.ts", import.meta.url).pathname;

/** Whole processes: a first run, a run with everything cached, and a plan, by number of tasks. */
export const benchEngine: Benchmark = async ({ rounds, sizes }) => {
  const withMake = await isThere("make");
  const rows: BenchRow[] = [];
  for (const size of sizes) {
    const times = new Times();
    // A run of thousands of tasks is long enough to be steady by itself.
    const repeats = size > 1000 ? 1 : size > 100 ? Math.min(3, rounds) : rounds;
    for (let round = 0; round < repeats; round++) await measure(size, withMake, times);
    rows.push({ name: `${size} tasks`, figures: figuresOf(times, size) });
  }
  const notes = withMake ? [] : ["without make: it is not on the PATH"];
  return { rows, summary: {}, notes };
};

async function measure(size: number, withMake: boolean, times: Times): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "tvp-bench-" });
  try {
    await Deno.writeTextFile(join(folder, "noop.yaml"), pipelineOf(size));
    await Deno.writeTextFile(join(folder, "Makefile"), makefileOf(size));
    const tvp = (...args: string[]) =>
      run(folder, Deno.execPath(), ["run", "-A", "--quiet", main, ...args]);
    const make = () => run(folder, "make", ["--silent", "--jobs=2"]);
    await times.take("first ms", () => tvp("run", "noop.yaml", "--quiet"));
    if (withMake) await times.take("make first ms", make);
    await times.take("cached ms", () => tvp("run", "noop.yaml", "--quiet"));
    if (withMake) await times.take("make cached ms", make);
    await times.take("plan ms", () => tvp("plan", "noop.yaml"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function figuresOf(times: Times, size: number): Record<string, number> {
  const figures = times.shortest();
  return { ...figures, "first ms/task": figures["first ms"]! / size };
}

/** The shortest time under each name. */
class Times {
  readonly #best = new Map<string, number>();

  async take(name: string, body: () => Promise<void>): Promise<void> {
    const start = performance.now();
    await body();
    this.#best.set(name, Math.min(this.#best.get(name) ?? Infinity, performance.now() - start));
  }

  shortest(): Record<string, number> {
    return Object.fromEntries(this.#best);
  }
}

/** One task, a fan-out of `size − 2` that need it, and one that needs all of them. */
function pipelineOf(size: number): string {
  const indices = Array.from({ length: size - 2 }, (_, i) => i);
  return `name: bench
stages:
  first: { uses: noop, with: { greeting: hello } }
  middle:
    uses: noop
    matrix: { index: [${indices.join(", ")}] }
    with: { index: "\${{ matrix.index }}", after: "\${{ stages.first.value }}" }
  last: { uses: noop, with: { all: "\${{ stages.middle.*.value }}" } }
`;
}

/** The same tasks as files; each is a shell's echo. */
function makefileOf(size: number): string {
  const middle = Array.from({ length: size - 2 }, (_, i) => `out/${i}`).join(" ");
  return `MIDDLE = ${middle}
out/last: $(MIDDLE)
\t@echo last > $@
$(MIDDLE): out/first
\t@echo $@ > $@
out/first:
\t@mkdir -p out; echo first > $@
`;
}

async function run(cwd: string, program: string, args: readonly string[]): Promise<void> {
  const env = { NO_COLOR: "1", GITHUB_ACTIONS: "" };
  const { success, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    env,
    stdin: "null",
    stdout: "null",
  }).output();
  if (success) return;
  const text = new TextDecoder().decode(stderr);
  throw new TypeError(`Cannot measure ${program} ${args.join(" ")}: it failed\n${text}`);
}

async function isThere(program: string): Promise<boolean> {
  try {
    await new Deno.Command(program, { args: ["--version"], stdout: "null" }).output();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
