import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { estimate, holm } from "../../lib/evaluation/estimate.ts";
import { layoutOf } from "../../lib/evaluation/layout.ts";
import { Random } from "../../lib/tensor/random.ts";

const named = (clusters: readonly string[]) => layoutOf(clusters.map((cluster) => ({ cluster })));

/** One row a cluster. */
const apart = (count: number) => named(Array.from({ length: count }, (_, i) => `${i}`));

const differences = [-1, 1] as const;

Deno.test("estimate() gives Student's interval where every row is a cluster", () => {
  // scipy.stats.t.interval(0.95, 7, mean, sem) and ttest_1samp of the same values.
  const values = [0.3, -0.1, 0.4, 0.2, 0.5, 0.1, 0.35, 0.25];
  const { mean, ci95: [low, high], p } = estimate(apart(8), [values], differences);
  assertAlmostEquals(mean, 0.25, 1e-12);
  assertAlmostEquals(low, 0.0935948, 1e-7);
  assertAlmostEquals(high, 0.4064052, 1e-7);
  assertAlmostEquals(p, 0.00689548, 1e-8);
});

Deno.test("estimate() takes rows that repeat one another for one", () => {
  const random = new Random(2);
  const values = Array.from({ length: 30 }, () => random.normal() / 10);
  const repeated = values.flatMap((value) => Array(7).fill(value));
  const once = estimate(apart(30), [values], differences);
  const often = estimate(
    named(repeated.map((_, i) => `${Math.floor(i / 7)}`)),
    [repeated],
    differences,
  );
  assertAlmostEquals(often.ci95[0], once.ci95[0], 1e-12);
  assertAlmostEquals(often.p, once.p, 1e-9);
});

Deno.test("estimate() does not count differences between classes of a balanced split", () => {
  const random = new Random(5);
  const places = Array.from({ length: 80 }, (_, i) => ({ cluster: `${i}`, stratum: i % 10 }));
  const values = places.map(({ stratum }) => (stratum % 2 ? 0.5 : -0.5) + random.normal() / 100);
  const width = ([low, high]: readonly [number, number]) => high - low;
  const strata = estimate(layoutOf(places), [values], differences);
  assertEquals([strata.strata, strata.errors.clusters!.freedom], [10, 70]);
  assert(width(strata.ci95) < 0.01);
  assert(width(estimate(apart(80), [values], differences).ci95) > 0.2);
});

Deno.test("estimate() adds the seeds' error by a t of their own", () => {
  const layout = apart(200);
  const random = new Random(3);
  const noise = Array.from({ length: 200 }, () => random.normal() / 100);
  const bySeed = [0, 0.1, 0.2].map((shift) => noise.map((value) => shift + value));
  const { ci95: [low, high], errors } = estimate(layout, bySeed, differences);
  assertEquals(errors.seeds!.freedom, 2);
  assertAlmostEquals(errors.seeds!.variance, 0.01 / 3, 1e-12);
  // t(2) = 4.3027; the drawings' part is small beside it.
  assertAlmostEquals((high - low) / 2, 4.3027 * Math.sqrt(0.01 / 3), 1e-3);
});

Deno.test("estimate() takes at least three styles as drawn from more", () => {
  const styled = (count: number) =>
    layoutOf(Array.from({ length: 120 }, (_, i) => ({ cluster: `${i}`, style: `${i % count}` })));
  const random = new Random(7);
  const noise = Array.from({ length: 120 }, () => random.normal() / 100);
  const values = (count: number) => noise.map((value, i) => value + 0.1 * (i % count));
  const three = estimate(styled(3), [values(3)], differences);
  assertEquals([three.styles, three.errors.styles!.freedom], [3, 2]);
  assertAlmostEquals((three.ci95[1] - three.ci95[0]) / 2, 4.3027 * 0.1 / Math.sqrt(3), 0.02);
  const two = estimate(styled(2), [values(2)], differences);
  assertEquals([two.styles, two.errors.styles], [0, undefined]);
});

const third = 1 / 3;
/** Exact: 1 − 0.025^(1/n) is the largest share of which none may be seen among n. */
const unseen = (n: number) => 1 - 0.025 ** (1 / n);

const cautious: [string, number[], readonly [number, number], number][] = [
  ["the same everywhere", Array(40).fill(third), [
    third - unseen(40) * (third + 1),
    third + unseen(40) * (1 - third),
  ], 0],
  ["no difference at all", Array(40).fill(0), [-unseen(40), unseen(40)], 0],
  ["one cluster", [third], [third - unseen(1) * (third + 1), third + unseen(1) * (1 - third)], 0],
];
for (const [name, values, [low, high], differing] of cautious) {
  Deno.test(`estimate() is cautious where the values are ${name}`, () => {
    const found = estimate(apart(values.length), [values], differences);
    assertAlmostEquals(found.ci95[0], low, 1e-6);
    assertAlmostEquals(found.ci95[1], high, 1e-6);
    assertEquals(found.differing, differing);
  });
}

Deno.test("estimate() is cautious where each class has one value", () => {
  const places = Array.from({ length: 30 }, (_, i) => ({ cluster: `${i}`, stratum: i % 3 }));
  const { mean, ci95, differing } = estimate(
    layoutOf(places),
    [places.map(({ stratum }) => stratum === 0 ? 0 : 1)],
    [0, 1],
  );
  assertEquals(differing, 0);
  assertAlmostEquals(ci95[0], mean * (1 - unseen(30)), 1e-6);
  assertAlmostEquals(ci95[1], mean + unseen(30) * (1 - mean), 1e-6);
});

Deno.test("estimate() is cautious until five clusters differ from the rest", () => {
  const of = (differing: number) => {
    const values = Array.from({ length: 40 }, (_, i) => i < differing ? 0.02 * (i + 1) : 0);
    return estimate(apart(40), [values], differences);
  };
  assertEquals(of(4).differing, 4);
  assert(of(4).ci95[1] > 0.2);
  assertEquals(of(5).differing, undefined);
  assert(of(5).ci95[1] < 0.02);
});

Deno.test("a mean of hits that are all right may be less, and is not more", () => {
  const { ci95 } = estimate(apart(20), [Array(20).fill(1)], [0, 1]);
  assertAlmostEquals(ci95[0], 1 - unseen(20), 1e-6);
  assertEquals(ci95[1], 1);
});

/** Splits of 2 to 14 clusters in up to 4 classes and 4 styles, 1 to 3 seeds, differences of hits. */
const experiments = fc.record({
  rows: fc.array(
    fc.record({
      cluster: fc.integer({ min: 0, max: 13 }),
      values: fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(-1, -1 / 3, 0, 0, 1 / 3, 2 / 3, 1))),
    }),
    { minLength: 2, maxLength: 60 },
  ),
  classes: fc.integer({ min: 1, max: 4 }),
  styles: fc.integer({ min: 1, max: 4 }),
  seeds: fc.integer({ min: 1, max: 3 }),
});

Deno.test("p is below 0.05 exactly where the 95 % interval excludes 0", () => {
  fc.assert(
    fc.property(experiments, ({ rows, classes, styles, seeds }) => {
      const layout = layoutOf(rows.map(({ cluster }) => ({
        cluster: `${cluster}`,
        stratum: cluster % classes,
        style: `${cluster % styles}`,
      })));
      const bySeed = Array.from({ length: seeds }, (_, s) => rows.map(({ values }) => values[s]!));
      const { mean, ci95: [low, high], p } = estimate(layout, bySeed, differences);
      assert(p > 0 && p <= 1);
      assert(low <= mean + 1e-12 && mean <= high + 1e-12 && low >= -1 && high <= 1);
      assert(high > low);
      assertEquals(p < 0.05, low > 0 || high < 0);
    }),
    { numRuns: 400, seed: 1 },
  );
});

Deno.test("estimate() of the values the other way round is the same the other way round", () => {
  fc.assert(
    fc.property(experiments, ({ rows, seeds }) => {
      const layout = named(rows.map(({ cluster }) => `${cluster}`));
      const sample = (sign: number) =>
        Array.from({ length: seeds }, (_, s) => rows.map(({ values }) => sign * values[s]!));
      const [one, other] = [1, -1].map((sign) => estimate(layout, sample(sign), differences));
      assertAlmostEquals(one!.mean, -other!.mean, 1e-12);
      if (one!.differing === undefined) assertAlmostEquals(one!.ci95[0], -other!.ci95[1], 1e-9);
    }),
    { numRuns: 100, seed: 2 },
  );
});

Deno.test("estimate() rejects values that are not one a row", () => {
  assertThrows(() => estimate(apart(1), [[1, 2]], differences), RangeError, "1 rows have 2 values");
  assertThrows(() => estimate(apart(1), [], differences), RangeError);
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
