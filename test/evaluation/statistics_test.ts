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

Deno.test("clusterSums() adds up rows of a cluster, wherever they stand", () => {
  const { sums, counts } = clusterSums(["a", "b", "a"], [1, 2, 4]);
  assertEquals([[...sums], [...counts]], [[5, 2], [2, 1]]);
  assertAlmostEquals(meanOf({ sums, counts }), 7 / 3);
});

Deno.test("clusterSums() rejects values that are not one per row", () => {
  assertThrows(() => clusterSums(["a"], [1, 2]), RangeError, "1 rows have 2 values");
});

Deno.test("bootstrapInterval() has the width of the normal approximation", () => {
  const random = new Random(1);
  const values = Array.from({ length: 900 }, () => random.normal());
  const clusters = values.map((_, i) => String(i));
  const [lo, hi] = bootstrapInterval(clusterSums(clusters, values));
  assertAlmostEquals(hi - lo, 2 * 1.96 / 30, 0.012);
});

Deno.test("bootstrapInterval() widens when rows of a cluster repeat one another", () => {
  const random = new Random(2);
  const values = Array.from({ length: 900 }, () => random.normal());
  const repeated = values.map((_, i) => values[Math.floor(i / 9) * 9]!);
  const width = (cluster: (i: number) => number) => {
    const sums = clusterSums(repeated.map((_, i) => String(cluster(i))), repeated);
    const [lo, hi] = bootstrapInterval(sums);
    return hi - lo;
  };
  assert(width((i) => Math.floor(i / 9)) > 2 * width((i) => i));
});

Deno.test("crossedInterval() is wider than the interval given the seeds", () => {
  const random = new Random(3);
  const clusters = Array.from({ length: 200 }, (_, i) => String(i));
  const bySeed = [0, 0.2, -0.2, 0.3, -0.3].map((shift) =>
    clusterSums(clusters, clusters.map(() => shift + 0.1 * random.normal()))
  );
  const [lo, hi] = crossedInterval(bySeed);
  const [fixedLo, fixedHi] = bootstrapInterval(bySeed[0]!);
  assert(hi - lo > 3 * (fixedHi - fixedLo));
});

Deno.test("signFlipTest() tells a difference from none", () => {
  const random = new Random(4);
  const clusters = Array.from({ length: 300 }, (_, i) => String(i));
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
