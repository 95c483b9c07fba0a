import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  applyUpdate,
  type OptimizerName,
  optimizers,
  startOptimizer,
} from "../../lib/training/optimizer.ts";

/** δ after two updates with gradients [3, 4] and [0, −2], lr 0.5, mask [1, 0] unless said. */
const cases: Record<OptimizerName, readonly [number, number]> = {
  // −0.5·3/5, then −0.5·0; the masked pixel counts in the norm but never moves.
  reference: [-0.3, 0],
  // v = 3, then 2.7.
  sgd: [-0.5 * (3 + 2.7), 0],
  // First step: lr·1; second: m̂ = 0.27/0.19, v̂ = 0.008991/0.001999.
  adam: [-0.5 - 0.5 * (0.27 / 0.19) / Math.sqrt(0.008991 / 0.001999), 0],
  sign: [-0.5, 0],
  spsa: [-0.5 * 3, 0],
  // v = −0.5·3, then 0.9 v.
  "spsa-gc": [-1.5 - 0.9 * 1.5, 0],
};

Deno.test("every optimizer has a case", () => {
  assertEquals(Object.keys(cases).sort(), Object.keys(optimizers).sort());
});

for (const [name, expected] of Object.entries(cases) as [OptimizerName, readonly number[]][]) {
  Deno.test(`applyUpdate() follows the formula of ${name}`, () => {
    const delta = new Float32Array(2);
    const state = startOptimizer(name, 2);
    const mask = new Float32Array([1, 0]);
    for (const grad of [[3, 4], [0, -2]]) {
      applyUpdate(name, { delta, grad: new Float32Array(grad), mask, lr: 0.5, state });
    }
    assertAlmostEquals(delta[0]!, expected[0]!, 1e-6);
    assertEquals(delta[1], 0);
    assertEquals(state.step, 2);
  });
}

Deno.test("reference normalises every parameter by itself", () => {
  const delta = new Float32Array(4);
  const places = [{ start: 0, end: 2 }, { start: 2, end: 4 }];
  const grad = new Float32Array([3, 4, 300, 400]);
  const mask = new Float32Array([1, 1, 0.1, 0.1]);
  applyUpdate("reference", {
    ...{ delta, grad, mask, places, lr: 1 },
    state: startOptimizer("reference", 4),
  });
  [-0.6, -0.8, -0.06, -0.08].forEach((x, i) => assertAlmostEquals(delta[i]!, x, 1e-6));
});

Deno.test("spsa-gc looks ahead by its velocity", () => {
  const state = { step: 1, moments: { velocity: new Float32Array([1, -2]) } };
  const ahead = optimizers["spsa-gc"].lookAhead(new Float32Array([1, 1]), state);
  assertAlmostEquals(ahead[0]!, 1.9, 1e-6);
  assertAlmostEquals(ahead[1]!, -0.8, 1e-6);
});

Deno.test("applyUpdate() rejects a gradient that is not finite and leaves δ as it was", () => {
  const delta = new Float32Array([1, 1]);
  const state = startOptimizer("reference", 2);
  const grad = new Float32Array([NaN, 1]);
  assertThrows(
    () => applyUpdate("reference", { delta, grad, mask: delta.slice(), lr: 1, state }),
    RangeError,
    "in step 1: the gradient's norm is NaN",
  );
  assertEquals([...delta], [1, 1]);
});
