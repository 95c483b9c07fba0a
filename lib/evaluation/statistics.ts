/**
 * Intervals and tests over clusters: a cluster (a drawing, a source photo) is what was sampled, so
 * clusters are resampled, not pictures. A split that is balanced over classes was sampled class by
 * class, so it is resampled class by class. Everything is paired and conditional on the prompts.
 *
 * @module
 */
import { Random } from "../tensor/random.ts";

/** Sums of a quantity over the rows of each cluster, and how many rows each has. */
export interface ClusterSums {
  readonly sums: Float64Array;
  readonly counts: Float64Array;
  /** Clusters of each stratum: a part of the split whose share is fixed by design. */
  readonly strata: readonly (readonly number[])[];
}

/** A row's place in the sample. */
export interface Place {
  readonly cluster: string;
  /** Class of the row, where the split is balanced over classes. */
  readonly stratum?: number | string;
}

/** Draws of the bootstrap and of the sign-flip test. */
export const DRAWS = 4000;

/**
 * Adds up a value per row by cluster. Strata hold only where no cluster lies in two of them;
 * otherwise all clusters are one stratum.
 *
 * @throws {RangeError} If there are not as many values as rows, or no rows.
 */
export function clusterSums(places: readonly Place[], values: ArrayLike<number>): ClusterSums {
  if (places.length === 0 || places.length !== values.length) {
    throw new RangeError(
      `Cannot sum by cluster: ${places.length} rows have ${values.length} values`,
    );
  }
  const index = new Map<string, number>();
  for (const { cluster } of places) {
    if (!index.has(cluster)) index.set(cluster, index.size);
  }
  const sums = new Float64Array(index.size);
  const counts = new Float64Array(index.size);
  places.forEach(({ cluster }, row) => {
    const c = index.get(cluster)!;
    sums[c]! += values[row]!;
    counts[c]!++;
  });
  return { sums, counts, strata: strataOf(places, index) };
}

function strataOf(places: readonly Place[], index: ReadonlyMap<string, number>): number[][] {
  const stratumOf = new Map<string, Place["stratum"]>();
  for (const { cluster, stratum } of places) {
    if (stratumOf.has(cluster) && stratumOf.get(cluster) !== stratum) return [[...index.values()]];
    stratumOf.set(cluster, stratum);
  }
  const groups = new Map<Place["stratum"], number[]>();
  for (const [cluster, stratum] of stratumOf) {
    groups.set(stratum, [...groups.get(stratum) ?? [], index.get(cluster)!]);
  }
  // One cluster says nothing about its stratum's spread: such strata are joined.
  const all = [...groups.values()];
  const single = all.filter((group) => group.length === 1).flat();
  const several = all.filter((group) => group.length > 1);
  return single.length > 0 ? [...several, single] : several;
}

/** Mean over all rows. */
export function meanOf({ sums, counts }: ClusterSums): number {
  return total(sums) / total(counts);
}

function total(x: Float64Array): number {
  return x.reduce((a, b) => a + b, 0);
}

/** The two ends of the central 95 % of a sample (linear interpolation between order statistics). */
export function central95(sample: Float64Array): [number, number] {
  const sorted = sample.sort();
  const at = (q: number) => {
    const position = q * (sorted.length - 1);
    const low = Math.floor(position);
    const high = Math.min(low + 1, sorted.length - 1);
    return sorted[low]! + (position - low) * (sorted[high]! - sorted[low]!);
  };
  return [at(0.025), at(0.975)];
}

/** A stratum, ready to be resampled. */
interface Stratum {
  readonly clusters: readonly number[];
  /** Share of the rows. */
  readonly share: number;
  /** √(n / (n − 1)): makes the spread of a resample of n clusters that of the estimate. */
  readonly scale: number;
}

function strataIn({ counts, strata }: ClusterSums): Stratum[] {
  const rows = total(counts);
  return strata.map((clusters) => ({
    clusters,
    share: clusters.reduce((sum, c) => sum + counts[c]!, 0) / rows,
    scale: Math.sqrt(clusters.length / Math.max(1, clusters.length - 1)),
  }));
}

/** Mean of a stratum, each cluster taken as often as it was picked. */
function stratumMean({ sums, counts }: ClusterSums, picked: readonly number[]): number {
  let [sum, count] = [0, 0];
  for (const c of picked) {
    sum += sums[c]!;
    count += counts[c]!;
  }
  return sum / count;
}

/** One resample: the strata keep their shares, clusters are drawn with replacement inside them. */
function resample(strata: readonly Stratum[], random: Random): number[][] {
  return strata.map(({ clusters }) =>
    clusters.map(() => clusters[random.integer(clusters.length)]!)
  );
}

/** Mean over rows in a resample, spread as an estimate's (J. N. K. Rao and C. F. J. Wu, 1988). */
function resampledMean(
  of: ClusterSums,
  strata: readonly Stratum[],
  picked: readonly (readonly number[])[],
): number {
  return strata.reduce((sum, { clusters, share, scale }, h) => {
    const mean = stratumMean(of, clusters);
    return sum + share * (mean + scale * (stratumMean(of, picked[h]!) - mean));
  }, 0);
}

/**
 * 95 % percentile interval of the mean over rows: clusters are resampled with replacement, inside
 * their strata where there are some.
 *
 * @example
 * ```ts
 * const places = ["a", "a", "b"].map((cluster) => ({ cluster }));
 * bootstrapInterval(clusterSums(places, [1, 0, 1])); // [lo, hi]
 * ```
 */
export function bootstrapInterval(of: ClusterSums, seed = 0): [number, number] {
  const random = new Random(seed);
  const strata = strataIn(of);
  const means = Float64Array.from(
    { length: DRAWS },
    () => resampledMean(of, strata, resample(strata, random)),
  );
  return central95(means);
}

/**
 * Crossed bootstrap: seeds and clusters are both resampled; one entry of `bySeed` a seed, all over
 * the same clusters.
 */
export function crossedInterval(bySeed: readonly ClusterSums[], seed = 0): [number, number] {
  const random = new Random(seed);
  const strata = strataIn(bySeed[0]!);
  const means = Float64Array.from({ length: DRAWS }, () => {
    const picked = resample(strata, random);
    let mean = 0;
    for (let s = 0; s < bySeed.length; s++) {
      const of = bySeed[random.integer(bySeed.length)]!;
      mean += resampledMean(of, strata, picked) / bySeed.length;
    }
    return mean;
  });
  return central95(means);
}

/** Two-sided p of a paired difference being 0: the signs of the clusters' sums are flipped at random. */
export function signFlipTest({ sums }: ClusterSums, seed = 0): number {
  const random = new Random(seed);
  const observed = Math.abs(total(sums));
  let extreme = 0;
  for (let draw = 0; draw < DRAWS; draw++) {
    let sum = 0;
    for (let c = 0; c < sums.length; c++) sum += random.uniform() < 0.5 ? sums[c]! : -sums[c]!;
    // Sums of hits are multiples of 1 / (seeds · models): allow for their rounding.
    if (Math.abs(sum) >= observed - 1e-9) extreme++;
  }
  return (1 + extreme) / (1 + DRAWS);
}

/** Holm's correction: p-values in the given order, each at least as large as before. */
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
