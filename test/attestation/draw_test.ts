import { assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { chanceToMiss, drawShare, type Share } from "../../lib/attestation/draw.ts";

Deno.test("drawShare() draws as many as asked for, at least one and at most all", () => {
  const cases: readonly [number, Share, number][] = [
    [66, { percent: 10 }, 7],
    [5, { percent: 1 }, 1],
    [5, { percent: 0 }, 1],
    [5, { percent: 100 }, 5],
    [5, { count: 3 }, 3],
    [5, { count: 50 }, 5],
  ];
  for (const [all, share, drawn] of cases) {
    const found = drawShare(all, share, 1);
    assertEquals([found.length, new Set(found).size], [drawn, drawn]);
  }
});

Deno.test("drawShare() draws the same for a seed, and every task for some", () => {
  assertEquals(drawShare(1000, { count: 5 }, 7), drawShare(1000, { count: 5 }, 7));
  assertNotEquals(drawShare(1000, { count: 5 }, 7), drawShare(1000, { count: 5 }, 8));
  const seeds = Array.from({ length: 200 }, (_, seed) => drawShare(10, { count: 1 }, seed)[0]);
  assertEquals(new Set(seeds).size, 10);
});

Deno.test("chanceToMiss() is the share of draws without a false task", () => {
  assertAlmostEquals(chanceToMiss(10, 3, 1), 0.7);
  assertAlmostEquals(chanceToMiss(4, 2, 2), 1 / 6);
  assertEquals(chanceToMiss(5, 5, 1), 0);
});
