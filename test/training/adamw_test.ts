import { assertAlmostEquals, assertEquals } from "@std/assert";
import { adamW } from "../../lib/training/adamw.ts";
import { applyUpdate } from "../../lib/training/optimizer.ts";
import { warmupLinear } from "../../lib/training/schedule.ts";
import { placesOf } from "../../lib/tensor/flat_parameters.ts";

const rule = adamW({ beta1: 0.9, beta2: 0.98, epsilon: 1e-8, decay: 0.1, clip: 1 });
const places = placesOf([{ name: "a", dims: [2, 2] }, { name: "b", dims: [2] }]);

function startedAt(...values: number[]) {
  const moment = () => new Float32Array(values.length);
  return {
    ...{ step: 0, values: Float32Array.from(values) },
    moments: { first: moment(), second: moment() },
  };
}

Deno.test("adamW() agrees with PyTorch's AdamW and clip_grad_norm_", () => {
  const state = startedAt(1, -2, 3, -4, 0.5, -0.5);
  const grad = Float32Array.of(0.3, -0.2, 2, 0, -1, 0.5);
  const rates = new Float32Array(6).fill(1);
  for (let i = 0; i < 3; i++) applyUpdate(rule, { state, grad, rates, places, lr: 0.01 });
  // torch.optim.AdamW(lr=0.01, betas=(0.9, 0.98)), weight_decay 0.1 on the matrix alone
  const expected = [
    0.96703309,
    -1.96403611,
    2.96103907,
    -3.98801231,
    0.52999997,
    -0.52999997,
  ];
  expected.forEach((value, i) => assertAlmostEquals(state.values[i]!, value, 2e-6, `weight ${i}`));
});

Deno.test("adamW() leaves values of rate 0 as they are, decay included", () => {
  const state = startedAt(1, -2, 3, -4, 0.5, -0.5);
  const rates = Float32Array.of(0, 1, 0, 1, 0, 1);
  const grad = new Float32Array(6).fill(1);
  applyUpdate(rule, { state, grad, rates, places, lr: 0.01 });
  assertEquals([0, 2, 4].map((i) => state.values[i]), [1, 3, 0.5]);
  assertEquals([1, 3, 5].every((i) => state.values[i] !== [1, -2, 3, -4, 0.5, -0.5][i]), true);
});

Deno.test("warmupLinear() rises, then falls to 0", () => {
  const cases: [step: number, expected: number][] = [
    [0, 0.1],
    [9, 0.91],
    [50, 0.5],
    [99, 0.01],
  ];
  for (const [step, expected] of cases) {
    assertAlmostEquals(warmupLinear(step, 100, 10), expected, 1e-9, `step ${step}`);
  }
});
