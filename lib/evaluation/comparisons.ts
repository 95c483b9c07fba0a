/** Paired differences between methods. @module */
import type { Comparison, Primary } from "../artifacts/report.ts";
import type { Setting } from "../artifacts/scores.ts";
import { type Cell, layoutOfRun, meanHits, standingsOf, trainedSources } from "./cells.ts";
import { type Estimate, estimate } from "./estimate.ts";
import { isPrimary } from "./family.ts";
import { assertPaired, reportMistake } from "./pairing.ts";

/** Every hit less the other's, by seed: values lie in [−1, 1]. */
function compare(a: readonly Cell[], b: readonly Cell[]): Estimate {
  assertPaired([...a, ...b].flatMap(({ runs }) => runs));
  const [as, bs] = [a, b].map((cells, i) => meanHits(besideSeeds(cells, i === 0 ? b[0]! : a[0]!)));
  const bySeed = as!.map((values, seed) => values.map((value, i) => value - bs![seed]![i]!));
  return estimate(layoutOfRun(a[0]!.runs[0]!), bySeed, [-1, 1]);
}

/** Whether one run is compared with every seed of another method. */
const isSeedless = ({ isBaseline, runs }: Cell) => isBaseline && runs.length === 1;

/** The cells with a run for each seed of the other method. */
function besideSeeds(cells: readonly Cell[], other: Cell): readonly Cell[] {
  const seeds = seedsOf(other);
  return cells.map((cell) => {
    if (isSeedless(cell)) return { ...cell, runs: seeds.map(() => cell.runs[0]!) };
    if (isSeedless(other) || seedsOf(cell).join() === seeds.join()) return cell;
    throw reportMistake(
      "missing-seed",
      `Cannot compare ${cell.method} with ${other.method} on ${cell.model}, ${
        cell.runs[0]!.task
      }: ` +
        `one has the seeds ${seedsOf(cell).join(", ")}, the other ${seeds.join(", ")}`,
      "Train and evaluate both with the same seeds",
    );
  });
}

const seedsOf = ({ runs }: Cell) => runs.map(({ seed }) => seed);

/** Pairs of methods worth comparing: each prompt with the baselines and with `vp`, and the primary ones. */
function methodPairs(
  cells: readonly Cell[],
  primary: readonly Primary[],
): readonly (readonly [string, string])[] {
  const names = (some: readonly Cell[]) => [...new Set(some.map(({ method }) => method))];
  const prompts = names(cells.filter(({ isBaseline }) => !isBaseline));
  const against = names(cells.filter(({ isBaseline }) => isBaseline));
  const pairs = [
    ...prompts.filter((m) => m !== "vp" && prompts.includes("vp")).map((m) => [m, "vp"] as const),
    ...prompts.flatMap((m) => against.map((b) => [m, b] as const)),
    ...primary.map(({ a, b }) => [a, b] as const),
  ];
  return [...new Map(pairs.map((pair) => [JSON.stringify(pair), pair])).values()];
}

/**
 * All comparisons of one task in one setting, not corrected yet.
 *
 * @throws {DiagnosticError} If two methods answered different rows or have different seeds.
 */
export function comparisonsOf(
  cells: readonly Cell[],
  options: { readonly primary?: readonly Primary[]; readonly setting?: Setting } = {},
): Comparison[] {
  const { primary = [], setting } = options;
  return trainedSources(cells).flatMap((source) => {
    const mine = cells.filter((c) => c.source === null || c.source === source);
    const standing = standingsOf(mine, source);
    return methodPairs(mine, primary).flatMap(([a, b]) =>
      (["source", "unseen", "own-encoder"] as const).flatMap((over) => {
        const of = (method: string) =>
          mine.filter((c) => c.method === method && standing(c) === over);
        const [as, bs] = onBoth(of(a), of(b));
        if (as.length === 0) return [];
        const { mean, ...found } = compare(as, bs);
        const { task } = as[0]!.runs[0]!;
        const place = { task, source, ...(setting ? { setting } : {}), a, b, over };
        const models = as.map(({ model }) => model);
        return [{
          ...place,
          models,
          difference: mean,
          ...found,
          primary: isPrimary(place, primary),
        }];
      })
    );
  });
}

/** The cells of the models that both methods were tried on, in the same order. */
function onBoth(as: readonly Cell[], bs: readonly Cell[]): [Cell[], Cell[]] {
  const beside = (cell: Cell, others: readonly Cell[]) =>
    others.find(({ model }) => model === cell.model);
  const both = as.filter((cell) => beside(cell, bs) !== undefined);
  return [both, both.map((cell) => beside(cell, bs)!)];
}
