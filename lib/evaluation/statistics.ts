/**
 * Intervals and tests over clusters: a cluster (a drawing, a source photo) is what was sampled, so
 * clusters are resampled, not pictures. Everything is paired and conditional on the trained prompts.
 *
 * @module
 */
import { Random } from "../tensor/random.ts";

/** Sums of a quantity over the rows of each cluster, and how many rows each has. */
export interface ClusterSums {
  readonly sums: Float64Array;
  readonly counts: Float64Array;
}

/** Draws of the bootstrap and of the sign-flip test. */
export const DRAWS = 4000;

/**
 * Adds up a value per row by cluster.
 *
 * @throws {RangeError} If there are not as many values as rows, or no rows.
 */
export function clusterSums(clusters: readonly string[], values: ArrayLike<number>): ClusterSums {
  if (clusters.length === 0 || clusters.length !== values.length) {
    throw new RangeError(
      `Cannot sum by cluster: ${clusters.length} rows have ${values.length} values`,
    );
  }
  const index = new Map<string, number>();
  for (const cluster of clusters) {
    if (!index.has(cluster)) index.set(cluster, index.size);
  }
  const sums = new Float64Array(index.size);
  const counts = new Float64Array(index.size);
  clusters.forEach((cluster, row) => {
    const c = index.get(cluster)!;
    sums[c]! += values[row]!;
    counts[c]!++;
  });
  return { sums, counts };
}

/** Mean over all rows. */
export function meanOf({ sums, counts }: ClusterSums): number {
  return total(sums) / total(counts);
}

function total(x: Float64Array): number {
  return x.reduce((a, b) => a + b, 0);
}

/** The two ends of the central 95 % of a sample (linear interpolation between order statistics). */
function central95(sample: Float64Array): [number, number] {
  const sorted = sample.sort();
  const at = (q: number) => {
    const position = q * (sorted.length - 1);
    const low = Math.floor(position);
    const high = Math.min(low + 1, sorted.length - 1);
    return sorted[low]! + (position - low) * (sorted[high]! - sorted[low]!);
  };
  return [at(0.025), at(0.975)];
}

/**
 * 95 % percentile interval of the mean over rows, clusters resampled with replacement.
 *
 * @example
 * ```ts
 * bootstrapInterval(clusterSums(["a", "a", "b"], [1, 0, 1])); // [lo, hi]
 * ```
 */
export function bootstrapInterval({ sums, counts }: ClusterSums, seed = 0): [number, number] {
  const random = new Random(seed);
  const n = sums.length;
  const means = new Float64Array(DRAWS);
  for (let draw = 0; draw < DRAWS; draw++) {
    let [sum, count] = [0, 0];
    for (let i = 0; i < n; i++) {
      const c = random.integer(n);
      sum += sums[c]!;
      count += counts[c]!;
    }
    means[draw] = sum / count;
  }
  return central95(means);
}

/**
 * Crossed bootstrap: seeds and clusters are both resampled; one entry of `bySeed` a seed, all over
 * the same clusters.
 */
export function crossedInterval(bySeed: readonly ClusterSums[], seed = 0): [number, number] {
  const random = new Random(seed);
  const n = bySeed[0]!.sums.length;
  const means = new Float64Array(DRAWS);
  const picked = new Float64Array(n);
  for (let draw = 0; draw < DRAWS; draw++) {
    picked.fill(0);
    for (let i = 0; i < n; i++) picked[random.integer(n)]!++;
    let mean = 0;
    for (let s = 0; s < bySeed.length; s++) {
      const { sums, counts } = bySeed[random.integer(bySeed.length)]!;
      let [sum, count] = [0, 0];
      for (let c = 0; c < n; c++) {
        sum += picked[c]! * sums[c]!;
        count += picked[c]! * counts[c]!;
      }
      mean += sum / count / bySeed.length;
    }
    means[draw] = mean;
  }
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
