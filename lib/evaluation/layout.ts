/**
 * Describes how the rows of a split are sampled: drawings (clusters) in classes (strata) and art
 * styles.
 *
 * @module
 */

/** A row's place in the sample. */
export interface Place {
  /** Rows of one drawing or source photo share it: it is what was drawn at random. */
  readonly cluster: string;
  /** Class of the row, where the split is balanced over classes by design. */
  readonly stratum?: number | string;
  /** Art style of the row, where the data set knows it. */
  readonly style?: string;
}

/** Groups of rows: the group of every row, and the rows of every group. */
export interface Grouping {
  readonly of: Int32Array;
  readonly sizes: Float64Array;
}

/** The sample behind a split. */
export interface Layout {
  readonly rows: number;
  readonly clusters: Grouping;
  readonly strata: Grouping;
  /** Stratum of each cluster. */
  readonly stratumOf: Int32Array;
  /** Absent: unknown, or fewer than three, which say nothing of further ones. */
  readonly styles?: Grouping;
  /** Strata of one cluster, whose spread is unknown: they are joined with others. */
  readonly joined: number;
}

/** Fewer styles are taken as they are. */
const leastStyles = 3;

/**
 * The layout of a split. Strata hold only where no cluster lies in two of them; otherwise all
 * clusters are in one.
 *
 * @throws {RangeError} If there are no rows.
 */
export function layoutOf(places: readonly Place[]): Layout {
  if (places.length === 0) throw new RangeError("Cannot lay out a split without rows");
  const clusters = group(places.map((place) => place.cluster));
  const { strata, joined } = joinLoneStrata(clusters, places);
  const stratumOf = new Int32Array(clusters.sizes.length);
  clusters.of.forEach((cluster, row) => stratumOf[cluster] = strata.of[row]!);
  const styles = stylesOf(places);
  return {
    rows: places.length,
    clusters,
    strata,
    stratumOf,
    ...(styles === undefined ? {} : { styles }),
    joined,
  };
}

function group(names: readonly (string | number | undefined)[]): Grouping {
  const index = new Map<string | number | undefined, number>();
  const of = Int32Array.from(names, (name) => {
    if (!index.has(name)) index.set(name, index.size);
    return index.get(name)!;
  });
  const sizes = new Float64Array(index.size);
  for (const one of of) sizes[one]!++;
  return { of, sizes };
}

function stylesOf(places: readonly Place[]): Grouping | undefined {
  if (places.some(({ style }) => style === undefined)) return undefined;
  const styles = group(places.map(({ style }) => style));
  return styles.sizes.length < leastStyles ? undefined : styles;
}

/** Lone clusters' strata become one; if it is still of one cluster, the smallest other takes it. */
function joinLoneStrata(clusters: Grouping, places: readonly Place[]) {
  const byDesign = group(places.map(({ stratum }) => stratum));
  const members = Array.from(byDesign.sizes, () => new Set<number>());
  clusters.of.forEach((cluster, row) => members[byDesign.of[row]!]!.add(cluster));
  const inStrata = members.reduce((sum, set) => sum + set.size, 0);
  if (inStrata > clusters.sizes.length) {
    return { strata: group(places.map(() => "all")), joined: 0 };
  }
  const lone = members.flatMap((set, stratum) => set.size === 1 ? [stratum] : []);
  if (lone.length === 0 || members.length === 1) return { strata: byDesign, joined: 0 };
  const others = members.map((_, stratum) => stratum).filter((s) => members[s]!.size > 1)
    .sort((a, b) => members[a]!.size - members[b]!.size);
  const together = new Set(lone.length === 1 ? [...lone, others[0]!] : lone);
  const names = [...byDesign.of].map((stratum) => together.has(stratum) ? -1 : stratum);
  return { strata: group(names), joined: lone.length };
}
