import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { placesOf } from "../../lib/tensor/flat_parameters.ts";
import {
  applyUpdate,
  type OptimizerName,
  optimizerRule,
  optimizers,
} from "../../lib/training/optimizer.ts";

/** A δ of zeros under a rule. */
function startedAt(name: OptimizerName, size: number) {
  const moments = optimizerRule(name).moments.map((moment) =>
    [moment, new Float32Array(size)] as const
  );
  return { step: 0, values: new Float32Array(size), moments: Object.fromEntries(moments) };
}

const delta = placesOf([{ name: "delta", dims: [2] }]);

/** δ after two updates with gradients [3, 4] and [0, −2], lr 0.5, mask [1, 0] unless said. */
const cases: Record<OptimizerName, readonly [number, number]> = {
  // −0.5·3/5, then −0.5·0; the masked pixel counts in the norm but never moves.
  "normalized-gradient": [-0.3, 0],
  // v = 3, then 2.7.
  sgd: [-0.5 * (3 + 2.7), 0],
  // First step: lr·1; second: m̂ = 0.27/0.19, v̂ = 0.008991/0.001999.
  adam: [-0.5 - 0.5 * (0.27 / 0.19) / Math.sqrt(0.008991 / 0.001999), 0],
  sign: [-0.5, 0],
  // v = 3/7, then the same: the second gradient has none there; 0.5 twice.
  momentum: [-1, 0],
  spsa: [-0.5 * 3, 0],
  // v = −0.5·3, then 0.9 v.
  "spsa-gc": [-1.5 - 0.9 * 1.5, 0],
};

Deno.test("every optimizer has a case", () => {
  assertEquals(Object.keys(cases).sort(), Object.keys(optimizers).sort());
});

for (const [name, expected] of Object.entries(cases) as [OptimizerName, readonly number[]][]) {
  Deno.test(`applyUpdate() follows the formula of ${name}`, () => {
    const state = startedAt(name, 2);
    const rates = new Float32Array([1, 0]);
    for (const grad of [[3, 4], [0, -2]]) {
      const update = { state, grad: new Float32Array(grad), rates, lr: 0.5, places: delta };
      assertAlmostEquals(applyUpdate(optimizerRule(name), update), Math.hypot(...grad), 1e-6);
    }
    assertAlmostEquals(state.values[0]!, expected[0]!, 1e-6);
    assertEquals(state.values[1], 0);
    assertEquals(state.step, 2);
  });
}

Deno.test("normalized-gradient normalises every parameter by itself", () => {
  const places = placesOf([{ name: "delta", dims: [2] }, { name: "affine", dims: [2] }]);
  const grad = new Float32Array([3, 4, 300, 400]);
  const rates = new Float32Array([1, 1, 0.1, 0.1]);
  const state = startedAt("normalized-gradient", 4);
  applyUpdate(optimizers["normalized-gradient"], { state, grad, rates, places, lr: 1 });
  [-0.6, -0.8, -0.06, -0.08].forEach((x, i) => assertAlmostEquals(state.values[i]!, x, 1e-6));
});

Deno.test("spsa-gc looks ahead by its velocity", () => {
  const moments = { velocity: new Float32Array([1, -2]) };
  const ahead = optimizers["spsa-gc"].lookAhead({
    step: 1,
    values: Float32Array.of(1, 1),
    moments,
  });
  assertAlmostEquals(ahead[0]!, 1.9, 1e-6);
  assertAlmostEquals(ahead[1]!, -0.8, 1e-6);
});

Deno.test("applyUpdate() rejects a gradient that is not finite and leaves δ as it was", () => {
  const state = { ...startedAt("normalized-gradient", 2), values: Float32Array.of(1, 1) };
  const grad = new Float32Array([NaN, 1]);
  const rates = Float32Array.of(1, 1);
  assertThrows(
    () =>
      applyUpdate(optimizers["normalized-gradient"], { state, grad, rates, lr: 1, places: delta }),
    RangeError,
    "Cannot make update 1: the gradient's norm is NaN",
  );
  assertEquals([[...state.values], state.step], [[1, 1], 0]);
});
