import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  bootstrapInterval,
  clusterSums,
  crossedInterval,
  holm,
  meanOf,
  signFlipTest,
} from "../../lib/evaluation/statistics.ts";
import { Random } from "../../lib/tensor/random.ts";

const named = (clusters: readonly string[]) => clusters.map((cluster) => ({ cluster }));

Deno.test("clusterSums() adds up rows of a cluster, wherever they stand", () => {
  const of = clusterSums(named(["a", "b", "a"]), [1, 2, 4]);
  assertEquals([[...of.sums], [...of.counts]], [[5, 2], [2, 1]]);
  assertAlmostEquals(meanOf(of), 7 / 3);
});

Deno.test("clusterSums() rejects values that are not one per row", () => {
  assertThrows(() => clusterSums(named(["a"]), [1, 2]), RangeError, "1 rows have 2 values");
});

Deno.test("bootstrapInterval() has the width of the normal approximation", () => {
  const random = new Random(1);
  const values = Array.from({ length: 900 }, () => random.normal());
  const clusters = named(values.map((_, i) => String(i)));
  const [lo, hi] = bootstrapInterval(clusterSums(clusters, values));
  assertAlmostEquals(hi - lo, 2 * 1.96 / 30, 0.012);
});

Deno.test("bootstrapInterval() widens when rows of a cluster repeat one another", () => {
  const random = new Random(2);
  const values = Array.from({ length: 900 }, () => random.normal());
  const repeated = values.map((_, i) => values[Math.floor(i / 9) * 9]!);
  const width = (cluster: (i: number) => number) => {
    const sums = clusterSums(named(repeated.map((_, i) => String(cluster(i)))), repeated);
    const [lo, hi] = bootstrapInterval(sums);
    return hi - lo;
  };
  assert(width((i) => Math.floor(i / 9)) > 2 * width((i) => i));
});

/** Rows of `classes` classes with `each` clusters of four rows; the value is the class's alone plus noise. */
function classwise(classes: number, each: number, noise: number) {
  const random = new Random(5);
  const places = [];
  const values = [];
  for (let i = 0; i < 4 * classes * each; i++) {
    const stratum = i % classes;
    places.push({ cluster: `${stratum} ${Math.floor(i / classes) % each}`, stratum });
    values.push((stratum % 2 ? 1 : -1) + noise * random.normal());
  }
  return { places, values };
}

Deno.test("bootstrapInterval() does not count differences between classes of a balanced split", () => {
  const { places, values } = classwise(10, 8, 0.01);
  const width = ([lo, hi]: [number, number]) => hi - lo;
  const strata = width(bootstrapInterval(clusterSums(places, values)));
  const none = width(bootstrapInterval(clusterSums(named(places.map((p) => p.cluster)), values)));
  assert(strata < 0.01 && none > 0.3, `${strata} ${none}`);
});

Deno.test("bootstrapInterval() covers the mean as often as it says, also with few clusters a class", () => {
  const random = new Random(6);
  const places = Array.from({ length: 30 }, (_, i) => ({ cluster: `${i}`, stratum: i % 10 }));
  let covered = 0;
  for (let trial = 0; trial < 200; trial++) {
    const [lo, hi] = bootstrapInterval(clusterSums(places, places.map(() => random.normal())));
    if (lo <= 0 && 0 <= hi) covered++;
  }
  assert(covered >= 176 && covered <= 198, `${covered} of 200`);
});

Deno.test("clusterSums() joins classes with one cluster, and all if a cluster is in two classes", () => {
  const place = (cluster: string, stratum: number) => ({ cluster, stratum });
  const some = [place("a", 0), place("b", 0), place("c", 1), place("d", 2)];
  assertEquals(clusterSums(some, [1, 1, 1, 1]).strata, [[0, 1], [2, 3]]);
  assertEquals(clusterSums([...some, place("a", 1)], [1, 1, 1, 1, 1]).strata, [[0, 1, 2, 3]]);
});

Deno.test("crossedInterval() is wider than the interval given the seeds", () => {
  const random = new Random(3);
  const clusters = named(Array.from({ length: 200 }, (_, i) => String(i)));
  const bySeed = [0, 0.2, -0.2, 0.3, -0.3].map((shift) =>
    clusterSums(clusters, clusters.map(() => shift + 0.1 * random.normal()))
  );
  const [lo, hi] = crossedInterval(bySeed);
  const [fixedLo, fixedHi] = bootstrapInterval(bySeed[0]!);
  assert(hi - lo > 3 * (fixedHi - fixedLo));
});

Deno.test("signFlipTest() tells a difference from none", () => {
  const random = new Random(4);
  const clusters = named(Array.from({ length: 300 }, (_, i) => String(i)));
  const p = (shift: number) =>
    signFlipTest(clusterSums(clusters, clusters.map(() => shift + random.normal())));
  assert(p(0.5) < 0.001);
  assert(p(0) > 0.05);
  assertEquals(signFlipTest(clusterSums(clusters, clusters.map(() => 0))), 1);
});

const holmCases: [string, number[], number[]][] = [
  ["nothing", [], []],
  ["one", [0.04], [0.04]],
  ["steps", [0.01, 0.04, 0.03], [0.03, 0.06, 0.06]],
  ["a cap at 1", [0.6, 0.9], [1, 1]],
];
for (const [name, given, expected] of holmCases) {
  Deno.test(`holm() corrects ${name}`, () => {
    holm(given).forEach((p, i) => assertAlmostEquals(p, expected[i]!, 1e-12));
    assertEquals(holm(given).length, expected.length);
  });
}
