/** What a benchmark is, and how times are taken. @module */

/** A line of a result: figures by name, such as `forward ms` or `ratio`. */
export interface BenchRow {
  readonly name: string;
  readonly figures: Readonly<Record<string, number>>;
}

/** What a benchmark measured. */
export interface BenchResult {
  readonly rows: readonly BenchRow[];
  /** Figures over all rows. */
  readonly summary: Readonly<Record<string, number>>;
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

/** What a benchmark may be told. */
export interface BenchOptions {
  readonly rounds: number;
  /** Numbers of tasks of the engine's pipelines. */
  readonly sizes: readonly number[];
  /** Other runners that the engine is measured beside. */
  readonly beside: readonly string[];
}

/** Measures; called with nothing else running in this process. */
export type Benchmark = (options: BenchOptions) => Promise<BenchResult>;

/** Shorter bodies are repeated inside a round until it is this long. */
const roundMs = 20;

/**
 * Times bodies side by side: after a round to warm up, one of each in turn, and of each the shortest
 * time in milliseconds. What else the machine does hits all bodies alike, and the minimum least.
 */
export async function interleave<K extends string>(
  bodies: Readonly<Record<K, () => Promise<unknown>>>,
  rounds: number,
): Promise<Record<K, number>> {
  const names = Object.keys(bodies) as K[];
  const repeats = new Map<K, number>();
  for (const name of names) {
    await bodies[name]();
    const once = await timeOf(bodies[name], 1);
    repeats.set(name, Math.max(1, Math.ceil(roundMs / Math.max(once, 0.01))));
  }
  const best = Object.fromEntries(names.map((name) => [name, Infinity])) as Record<K, number>;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      best[name] = Math.min(best[name], await timeOf(bodies[name], repeats.get(name)!));
    }
  }
  return best;
}

async function timeOf(body: () => Promise<unknown>, repeats: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < repeats; i++) await body();
  return (performance.now() - start) / repeats;
}

/** The middle value; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle - 0.5)]! + sorted[Math.floor(middle)]!) / 2;
}
