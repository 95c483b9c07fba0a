/**
 * Means with their 95 % interval and p, from one model: docs/statistics.md has the formulas.
 *
 * What varies from one experiment to the next is which drawings were drawn (class by class), which
 * art styles there are, and which seeds the prompts were trained with. Each is a source of error
 * with a variance and degrees of freedom of its own.
 *
 * @module
 */
import type { ErrorSource, ErrorSources, Sample } from "../artifacts/report.ts";
import { shareAtMost, twoSidedT } from "./distributions.ts";
import type { Grouping, Layout } from "./layout.ts";

/** A mean over rows and seeds with what is known of its error. */
export interface Estimate extends Sample {
  readonly mean: number;
  readonly ci95: readonly [number, number];
  /** Two-sided, of the mean being 0: below 0.05 exactly where `ci95` excludes 0. */
  readonly p: number;
  readonly seeds: number;
}

/** Fewer clusters that differ from the rest say too little of how often others would. */
const leastDiffering = 5;

/**
 * Estimates a mean.
 *
 * @param bySeed For each seed the values of all rows.
 * @param range What a value can be at least and at most: `[-1, 1]` for differences of hits.
 * @throws {RangeError} If there are no seeds, or not as many values as rows.
 *
 * @example
 * ```ts
 * import { layoutOf } from "./layout.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const layout = layoutOf(["a", "a", "b"].map((cluster) => ({ cluster })));
 * assertEquals(estimate(layout, [[1, 0, 1]], [0, 1]).mean, 2 / 3);
 * ```
 */
export function estimate(
  layout: Layout,
  bySeed: readonly ArrayLike<number>[],
  range: readonly [number, number],
): Estimate {
  const lengths = bySeed.map((values) => values.length);
  if (lengths.length === 0 || lengths.some((length) => length !== layout.rows)) {
    throw new RangeError(`Cannot estimate a mean: ${layout.rows} rows have ${lengths} values`);
  }
  const values = rowMeans(bySeed);
  const mean = total(values) / layout.rows;
  const errors = errorSources(layout, bySeed, values);
  const rare = rareValues(layout, values);
  const interval = (level: number) => intervalOf({ mean, errors, rare, range }, level);
  return {
    mean,
    ci95: interval(0.05),
    p: levelAtZero(interval),
    rows: layout.rows,
    clusters: layout.clusters.sizes.length,
    strata: layout.strata.sizes.length,
    styles: layout.styles?.sizes.length ?? 0,
    seeds: bySeed.length,
    errors,
    joined: layout.joined,
    ...(rare === undefined ? {} : { differing: rare.count }),
  };
}

const total = (values: ArrayLike<number>) => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
};

function rowMeans(bySeed: readonly ArrayLike<number>[]): Float64Array {
  const means = new Float64Array(bySeed[0]!.length);
  for (const values of bySeed) {
    for (let i = 0; i < means.length; i++) means[i]! += values[i]! / bySeed.length;
  }
  return means;
}

/** Sums of the rows' values by group. */
function sumsBy({ of, sizes }: Grouping, values: Float64Array): Float64Array {
  const sums = new Float64Array(sizes.length);
  for (let i = 0; i < values.length; i++) sums[of[i]!]! += values[i]!;
  return sums;
}

/** What the classes leave: each value less the mean of its stratum, which is fixed by design. */
function residuals({ strata }: Layout, values: Float64Array): Float64Array {
  const sums = sumsBy(strata, values);
  return values.map((value, i) => value - sums[strata.of[i]!]! / strata.sizes[strata.of[i]!]!);
}

function errorSources(
  layout: Layout,
  bySeed: readonly ArrayLike<number>[],
  values: Float64Array,
): ErrorSources {
  const rest = residuals(layout, values);
  const clusters = clusterError(layout, rest);
  const styles = layout.styles && styleError(layout.styles, rest);
  return {
    ...(clusters ? { clusters } : {}),
    ...(styles ? { styles } : {}),
    ...(bySeed.length > 1 ? { seeds: seedError(bySeed.map((v) => total(v) / v.length)) } : {}),
  };
}

/**
 * Σ E² / (1 − n/N) / rows² over clusters: E sums the residuals of a cluster of n rows in a stratum
 * of N. The divisor undoes what its own part in the stratum's mean takes from E.
 */
function clusterError(layout: Layout, rest: Float64Array): ErrorSource | undefined {
  const { clusters, strata, stratumOf, rows } = layout;
  const freedom = clusters.sizes.length - strata.sizes.length;
  if (freedom < 1) return undefined;
  const sums = sumsBy(clusters, rest);
  const squares = sums.map((sum, c) => {
    const share = clusters.sizes[c]! / strata.sizes[stratumOf[c]!]!;
    return share === 1 ? 0 : sum ** 2 / (1 - share);
  });
  return { variance: total(squares) / rows ** 2, freedom };
}

/** The same with styles as clusters, which go across the strata. */
function styleError(styles: Grouping, rest: Float64Array): ErrorSource {
  const rows = rest.length;
  const squares = sumsBy(styles, rest).map((sum, k) => sum ** 2 / (1 - styles.sizes[k]! / rows));
  return { variance: total(squares) / rows ** 2, freedom: styles.sizes.length - 1 };
}

/** Squared standard error of the mean of the seeds' means. */
function seedError(means: readonly number[]): ErrorSource {
  const freedom = means.length - 1;
  const middle = total(means) / means.length;
  const squares = means.map((mean) => (mean - middle) ** 2);
  return { variance: total(squares) / freedom / means.length, freedom };
}

/** The value that most clusters of each stratum have, where fewer than five have another. */
interface RareValues {
  /** Mean of these values over the rows. */
  readonly usual: number;
  /** Clusters whose mean is another. */
  readonly count: number;
  /** Effective number of clusters: as many of equal size would say as much. */
  readonly clusters: number;
}

function rareValues(layout: Layout, values: Float64Array): RareValues | undefined {
  const { clusters, strata, stratumOf, rows } = layout;
  const means = sumsBy(clusters, values).map((sum, c) => sum / clusters.sizes[c]!);
  const inStrata = Array.from(strata.sizes, (): number[] => []);
  means.forEach((mean, c) => inStrata[stratumOf[c]!]!.push(mean));
  const usual = inStrata.map(commonest);
  const count = means.length - usual.reduce((sum, { count }) => sum + count, 0);
  if (count >= leastDiffering) return undefined;
  const squares = total(clusters.sizes.map((size) => size ** 2));
  return {
    usual: usual.reduce((sum, { value }, h) => sum + value * strata.sizes[h]! / rows, 0),
    count,
    clusters: rows ** 2 / squares,
  };
}

/** The value that is there most often, and how often; values that differ by rounding are the same. */
function commonest(values: readonly number[]): { readonly value: number; readonly count: number } {
  const counts = new Map<string, { value: number; count: number }>();
  for (const value of values) {
    const key = value.toFixed(9);
    counts.set(key, { value, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()].reduce((a, b) => b.count > a.count ? b : a);
}

/** What an interval is made from. */
interface Basis {
  readonly mean: number;
  readonly errors: ErrorSources;
  readonly rare: RareValues | undefined;
  readonly range: readonly [number, number];
}

function intervalOf({ mean, errors, rare, range }: Basis, level: number): [number, number] {
  const margin = marginOf(errors, level);
  const [least, most] = range;
  let [low, high] = [Math.max(least, mean - margin), Math.min(most, mean + margin)];
  if (rare !== undefined) {
    // The share of clusters that differ is at most this, and they may have any value.
    const share = shareAtMost(level, rare.count, rare.clusters);
    low = Math.min(low, rare.usual - share * (rare.usual - least));
    high = Math.max(high, rare.usual + share * (most - rare.usual));
  }
  return [low, high];
}

/**
 * Squares of t·√variance: drawings or styles, whichever is more, as drawings lie in styles; and the
 * seeds added, as they cross both. The interval covers at least as often as it says (Banerjee 1960).
 */
function marginOf({ clusters, styles, seeds }: ErrorSources, level: number): number {
  const square = (source?: ErrorSource) =>
    source === undefined ? 0 : source.variance * twoSidedT(level, source.freedom) ** 2;
  return Math.sqrt(Math.max(square(clusters), square(styles)) + square(seeds));
}

/** Levels below this count as 0. */
const leastLevel = 1e-12;

/** The level at which an end of the interval is 0: intervals of a higher level exclude it. */
function levelAtZero(interval: (level: number) => readonly [number, number]): number {
  const holdsZero = (level: number) => {
    const [low, high] = interval(level);
    return low <= 0 && high >= 0;
  };
  if (holdsZero(1)) return 1;
  let [inside, outside] = [Math.log(leastLevel), 0];
  if (!holdsZero(leastLevel)) return leastLevel;
  for (let step = 0; step < 50; step++) {
    const middle = (inside + outside) / 2;
    if (holdsZero(Math.exp(middle))) inside = middle;
    else outside = middle;
  }
  return Math.exp(inside);
}

/** Holm's correction (1979): p-values in the given order, each at least as large as before. */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, i) => i).sort((a, b) => ps[a]! - ps[b]!);
  const corrected = new Array<number>(ps.length);
  let floor = 0;
  order.forEach((i, rank) => {
    floor = Math.max(floor, Math.min(1, (ps.length - rank) * ps[i]!));
    corrected[i] = floor;
  });
  return corrected;
}
