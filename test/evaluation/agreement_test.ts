import { assertAlmostEquals, assertEquals } from "@std/assert";
import { agreementsOf, correlationOf, kappaOf } from "../../lib/evaluation/agreement.ts";
import { cellsOf } from "../../lib/evaluation/cells.ts";
import type { Scores } from "../../lib/artifacts/scores.ts";
import { syntheticScores } from "./synthetic_scores.ts";

const shrunk = (model: string, stem: string) =>
  syntheticScores({ model: `zoo/${model}`, method: "shrunk", rate: 0.6, stem });

/** A run with the answers of another. */
const as = (run: Scores, other: Scores): Scores => ({ ...run, rows: other.rows });

Deno.test("agreementsOf() counts models that answer alike once", () => {
  const runs = ["a", "b", "c", "d"].map((model) => shrunk(model, "one"));
  const [same] = agreementsOf(cellsOf(runs.map((run) => as(run, runs[0]!))), ["zoo/a"]);
  assertEquals([same!.models.length, same!.correlation, same!.effective, same!.kappa], [
    3,
    1,
    1,
    1,
  ]);
  assertEquals(same!.kappaAcrossEncoders, undefined);
  const [apart] = agreementsOf(cellsOf(runs), ["zoo/a"]);
  assertAlmostEquals(apart!.effective, 3, 0.4);
  assertAlmostEquals(
    apart!.effective,
    3 / (1 + 2 * Math.max(0, apart!.correlation)),
    1e-12,
  );
});

Deno.test("agreementsOf() tells pairs with different encoders apart", () => {
  const [a, b, c] = [shrunk("a", "one"), shrunk("b", "one"), shrunk("c", "two")];
  const [found] = agreementsOf(cellsOf([a!, as(b!, a!), c!]), []).concat(
    agreementsOf(cellsOf([a!, as(b!, a!), c!]), ["zoo/x"]),
  );
  assertAlmostEquals(found!.kappaAcrossEncoders!, kappaOf(a!, c!), 1e-12);
});

Deno.test("kappaOf() is Cohen's: 20 yes, 15 no of 50 alike, 10 and 5 not", () => {
  const base = shrunk("a", "one");
  const run = (predictions: readonly number[]) => ({
    ...base,
    rows: predictions.map((prediction, i) => ({ ...base.rows[i]!, prediction })),
  });
  const times = (count: number, value: number) => Array<number>(count).fill(value);
  const a = run([...times(20, 0), ...times(15, 1), ...times(10, 0), ...times(5, 1)]);
  const b = run([...times(20, 0), ...times(15, 1), ...times(10, 1), ...times(5, 0)]);
  assertAlmostEquals(kappaOf(a, b), 0.4, 1e-12);
});

const correlations: [string, number[], number[], number][] = [
  ["equal hits", [0, 1, 1], [0, 1, 1], 1],
  ["opposite hits", [0, 1], [1, 0], -1],
  ["the same constant", [1, 1], [1, 1], 1],
  ["a constant and hits", [1, 1], [1, 0], 0],
];
for (const [name, a, b, expected] of correlations) {
  Deno.test(`correlationOf() of ${name}`, () =>
    assertAlmostEquals(correlationOf(Float64Array.from(a), Float64Array.from(b)), expected, 1e-12));
}
