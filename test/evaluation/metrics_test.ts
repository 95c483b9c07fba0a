import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { metricsOf } from "../../lib/evaluation/metrics.ts";
import type { ScoredRow, Scores } from "../../lib/artifacts/scores.ts";
import { syntheticScores } from "./synthetic_scores.ts";

/** Rows from log-odds of yes, and whether the truth is yes (class 0). */
function yesNo(rows: readonly (readonly [margin: number, truth: boolean])[]): Scores {
  const base = syntheticScores({ model: "zoo/a", method: "none", rate: 1, rows: 1, clusters: 1 });
  return {
    ...base,
    classes: ["yes", "no"],
    rows: rows.map(([margin, truth], i): ScoredRow => ({
      id: String(i),
      digest: String(i),
      cluster: String(i),
      answer: truth ? 0 : 1,
      prediction: margin > 0 ? 0 : 1,
      scores: [margin, 0],
      hit: (margin > 0) === truth,
    })),
  };
}

Deno.test("metricsOf() gives precision, recall, F1, yes-ratio and ROC-AUC of yes and no", () => {
  // Said yes: 3, of which 2 right; the truth is yes: 4.
  const found = metricsOf(yesNo([
    [2, true],
    [1, true],
    [0.5, false],
    [-1, true],
    [-2, false],
    [-3, true],
  ]));
  assertAlmostEquals(found.precision!, 2 / 3);
  assertAlmostEquals(found.recall!, 2 / 4);
  assertAlmostEquals(found.f1!, 4 / 7);
  assertAlmostEquals(found.yesRatio!, 3 / 6);
  // Pairs (yes, no) in order: 2>0.5, 1>0.5, 2>-2, 1>-2, -1>-2; wrong: -1<0.5, -3<both.
  assertAlmostEquals(found.auc!, 5 / 8);
});

Deno.test("metricsOf() counts ties in the ROC-AUC half, and a share of nothing as 0", () => {
  assertAlmostEquals(metricsOf(yesNo([[1, true], [1, false]])).auc!, 0.5);
  assertEquals(metricsOf(yesNo([[-1, true], [-1, false]])).precision, 0);
  assertEquals(metricsOf(yesNo([[1, true]])).auc, 0.5);
});

Deno.test("the ROC-AUC is the share of pairs in the right order", () => {
  const row = fc.tuple(fc.integer({ min: -3, max: 3 }), fc.boolean());
  fc.assert(fc.property(fc.array(row, { minLength: 2, maxLength: 20 }), (rows) => {
    const [yes, no] = [true, false].map((truth) => rows.filter((r) => r[1] === truth));
    fc.pre(yes!.length > 0 && no!.length > 0);
    const pairs = yes!.flatMap(([a]) => no!.map(([b]) => a > b ? 1 : a === b ? 0.5 : 0));
    const expected = pairs.reduce((sum: number, x) => sum + x, 0) / pairs.length;
    assertAlmostEquals(metricsOf(yesNo(rows)).auc!, expected, 1e-12);
  }));
});

Deno.test("metricsOf() gives top-5 from ten classes on, and nothing for free answers", () => {
  const base = syntheticScores({ model: "zoo/a", method: "none", rate: 1, rows: 2, clusters: 1 });
  const classes = Array.from({ length: 10 }, (_, i) => `class ${i}`);
  const scores = classes.map((_, i) => -i);
  const row = { ...base.rows[0]!, scores, prediction: 0 };
  const rows = [{ ...row, answer: 4 }, { ...row, answer: 5 }];
  assertEquals(metricsOf({ ...base, classes, rows }), { top5: 0.5 });
  assertEquals(metricsOf(base), {});
  const { classes: _, ...free } = base;
  assertEquals(metricsOf(free), {});
});
