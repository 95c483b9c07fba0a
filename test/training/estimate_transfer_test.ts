import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { baselineValues } from "../../lib/training/prompt_values.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { cosine, estimateTransfer } from "../../lib/training/estimate_transfer.ts";
import type { Probe } from "../../lib/training/probe.ts";

const start = baselineValues({ canvas: 4, image: 2 }, "shrunk");
const inFrame = (i: number) => ![5, 6, 9, 10].includes(i % 16);
const prompt = { ...start, values: start.values.map((_, i) => inFrame(i) ? 0.5 : 0) };

/** A model with the loss ⟨weights, δ⟩ + 3 and the features (row + 1) · (1 + Σδ) on each of two tokens. */
function linear(weights: Float32Array, gain = 1): Probe {
  return {
    features([from, to], values) {
      const sum = values.reduce((total, x) => total + x, 0);
      const rows = Array.from({ length: to - from }, (_, i) => from + i + 1);
      const data = rows.flatMap((row) => Array(4).fill(row * (1 + gain * sum)));
      return Promise.resolve(tensor("float32", [rows.length, 2, 2], Float32Array.from(data)));
    },
    gradient(_from, values) {
      const loss = 3 + weights.reduce((sum, w, i) => sum + w * values[i]!, 0);
      return Promise.resolve({ loss, grad: weights });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const weights = start.values.map((_, i) => Math.cos(i));
const options = { prompt, batch: 2, batches: 2, source: linear(weights) };

Deno.test("estimateTransfer() of a model to itself finds full agreement", async () => {
  const estimate = await estimateTransfer({ ...options, target: linear(weights) });
  assertAlmostEquals(estimate.gradientCosineAtStart, 1, 1e-6);
  assertAlmostEquals(estimate.gradientCosineAtPrompt, 1, 1e-6);
  assertEquals(estimate.models.source, estimate.models.target);
  assertEquals(estimate.rows, 4);
});

Deno.test("estimateTransfer() predicts the loss of a linear model, and the change of features", async () => {
  const { models: { target } } = await estimateTransfer({ ...options, target: linear(weights) });
  const change = weights.reduce((sum, w, i) => sum + w * prompt.values[i]!, 0);
  assertAlmostEquals(target.loss.before, 3, 1e-6);
  assertAlmostEquals(target.loss.predicted, change, 1e-5);
  // Σδ is 0.5 on 36 values, so that features become 19 times as large, all in one direction.
  assertAlmostEquals(target.features.relative, 18, 1e-4);
  assertAlmostEquals(target.features.norm, 18 * Math.SQRT2 * 2.5, 1e-3);
  assertAlmostEquals(target.features.consistency, 1, 1e-6);
});

Deno.test("estimateTransfer() compares gradients where δ is trained, and no elsewhere", async () => {
  const inside = weights.map((w, i) => inFrame(i) ? w : -w);
  const same = await estimateTransfer({ ...options, target: linear(inside) });
  assertAlmostEquals(same.gradientCosineAtStart, 1, 1e-6);
  const opposite = await estimateTransfer({ ...options, target: linear(weights.map((w) => -w)) });
  assertAlmostEquals(opposite.gradientCosineAtStart, -1, 1e-6);
  assert(opposite.models.target.loss.predicted * same.models.source.loss.predicted < 0);
});

Deno.test("estimateTransfer() refuses what is not finite", async () => {
  await assertRejects(
    () => estimateTransfer({ ...options, target: linear(weights.map(() => NaN)) }),
    RangeError,
    "not finite",
  );
});

Deno.test("cosine() of nothing is 0", () => {
  assertEquals(cosine(new Float32Array(2), new Float32Array([1, 0])), 0);
});
