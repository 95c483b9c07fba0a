import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { TransferEstimate } from "../../lib/artifacts/estimate.ts";
import { predictorsOf, ranks, spearman } from "../../lib/evaluation/predictors.ts";
import type { Scores } from "../../lib/artifacts/scores.ts";
import { syntheticScores } from "./synthetic_scores.ts";

Deno.test("ranks() gives equal values the mean of their ranks", () => {
  assertEquals(ranks([3, 1, 3, 2]), [3.5, 1, 3.5, 2]);
});

Deno.test("spearman() sees order alone", () => {
  assertAlmostEquals(spearman([1, 2, 3, 4], [10, 20, 21, 1000]), 1);
  assertAlmostEquals(spearman([1, 2, 3, 4], [4, 3, 2, 1]), -1);
  assertEquals(spearman([1, 1, 1], [1, 2, 3]), 0);
  // 1 − 6·Σd²/(n(n² − 1)) with d = (0, 1, −1, 0)
  assertAlmostEquals(spearman([1, 2, 3, 4], [1, 3, 2, 4]), 1 - 6 * 2 / 60);
});

const targets = ["zoo/a", "zoo/b", "zoo/c", "zoo/d"];

const change = (cosine: number) => ({
  features: { norm: 1, relative: 0.1, consistency: 0.5 },
  loss: { before: 1, predicted: -cosine },
});

function estimate(target: string, cosine: number): TransferEstimate {
  return {
    ...{ task: "emoji10", method: "tvp", seed: 0, source: "zoo/a", target },
    gradientCosineAtStart: cosine,
    gradientCosineAtPrompt: -cosine,
    rows: 64,
    models: { source: change(cosine), target: change(cosine) },
  };
}

function scores(): Scores[] {
  return targets.flatMap((model, i) => [
    { ...syntheticScores({ model, method: "shrunk", rate: 0.4 }), mean: 0.4 },
    { ...syntheticScores({ model, method: "tvp", seed: 0, rate: 0.5 }), mean: 0.4 + 0.1 * i },
  ]);
}

Deno.test("predictorsOf() correlates estimates with gains over shrunk", () => {
  const found = predictorsOf(targets.map((target, i) => estimate(target, i / 10)), scores());
  const of = (name: string) => found.find((p) => p.name.includes(name))!;
  assertAlmostEquals(of("without a prompt").correlation, 1);
  assertAlmostEquals(of("at the prompt").correlation, -1);
  assertEquals(of("change of the target").correlation, 0);
  assertAlmostEquals(of("linearised").correlation, 1);
  assertAlmostEquals(of("linearised").pairs[3]!.gain, 0.3, 1e-12);
  const [lo, hi] = of("without a prompt").ci95;
  assert(lo <= 1 && hi <= 1 && lo > -1);
});

Deno.test("predictorsOf() is silent on few pairs, and on targets that were not measured", () => {
  const three = targets.slice(0, 3).map((target) => estimate(target, 0));
  assertEquals(predictorsOf(three, scores()), []);
  assertEquals(predictorsOf([...three, estimate("zoo/unknown", 1)], scores()), []);
});
