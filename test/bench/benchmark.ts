/** What a benchmark is, and how times are taken. @module */

import type { Provider } from "../../lib/runtime/provider.ts";

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
  /** A Python that has PyTorch, to compare with. */
  readonly torch?: string | undefined;
  /** Path of a model directory. */
  readonly model?: string | undefined;
  /** The device of step and score; default the processor. */
  readonly provider?: Provider | undefined;
  /** Other runners that the engine is measured beside. */
  readonly beside: readonly string[];
}

/** Measures; called with nothing else running in this process. */
export type Benchmark = (options: BenchOptions) => Promise<BenchResult>;

/** Shorter bodies are repeated inside a round until it is this long. */
const roundMs = 20;

/** Does something so many times, and tells the milliseconds that it took each time. */
export type Timed = (repeats: number) => Promise<number>;

/**
 * Times bodies side by side: after a round to warm up, one of each in turn, and of each the shortest
 * time in milliseconds. What else the machine does hits all bodies alike, and the minimum least.
 */
export function interleave<K extends string>(
  bodies: Readonly<Record<K, () => Promise<unknown>>>,
  rounds: number,
): Promise<Record<K, number>> {
  const timed = Object.entries<() => Promise<unknown>>(bodies)
    .map(([name, body]) => [name, (repeats: number) => timeOf(body, repeats)] as const);
  return interleaveTimed(Object.fromEntries(timed) as Record<K, Timed>, rounds);
}

/** As {@linkcode interleave}, for bodies that take their own time, such as those of another process. */
export async function interleaveTimed<K extends string>(
  bodies: Readonly<Record<K, Timed>>,
  rounds: number,
): Promise<Record<K, number>> {
  const names = Object.keys(bodies) as K[];
  const repeats = new Map<K, number>();
  for (const name of names) {
    await bodies[name](1);
    const once = await bodies[name](1);
    repeats.set(name, Math.max(1, Math.ceil(roundMs / Math.max(once, 0.01))));
  }
  const best = Object.fromEntries(names.map((name) => [name, Infinity])) as Record<K, number>;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      best[name] = Math.min(best[name], await bodies[name](repeats.get(name)!));
    }
  }
  return best;
}

/** Milliseconds of a body, each of `repeats` times. */
export async function timeOf(body: () => Promise<unknown>, repeats: number): Promise<number> {
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
