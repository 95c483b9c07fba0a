import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { TrainedWeights, warmupLinear } from "../../lib/training/adamw.ts";
import { tensor } from "../../lib/tensor/tensor.ts";

const matrix = () => tensor("float32", [2, 2], new Float32Array([1, -2, 3, -4]));
const vector = () => tensor("float32", [2], new Float32Array([0.5, -0.5]));
const options = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, decay: 0.1, clip: 1 };

Deno.test("TrainedWeights.update() agrees with PyTorch's AdamW and clip_grad_norm_", () => {
  const weights = new TrainedWeights({ a: matrix(), b: vector() });
  const grads = {
    a: tensor("float32", [2, 2], new Float32Array([0.3, -0.2, 2, 0])),
    b: tensor("float32", [2], new Float32Array([-1, 0.5])),
  };
  for (let i = 0; i < 3; i++) weights.update(grads, 0.01, options);
  // torch.optim.AdamW(lr=0.01, betas=(0.9, 0.98)), weight_decay 0.1 on the matrix alone
  const expected = [
    0.96703309,
    -1.96403611,
    2.96103907,
    -3.98801231,
    0.52999997,
    -0.52999997,
  ];
  expected.forEach((value, i) =>
    assertAlmostEquals(weights.values[i]!, value, 2e-6, `weight ${i}`)
  );
});

Deno.test("TrainedWeights.update() returns the norm before clipping and changes the views", () => {
  const weights = new TrainedWeights({ b: vector() });
  const norm = weights.update({ b: tensor("float32", [2], new Float32Array([3, 4])) }, 0.1);
  assertAlmostEquals(norm, 5, 1e-6);
  assertAlmostEquals(weights.tensors.b!.data[0]!, 0.4, 1e-6);
  assertEquals(weights.step, 1);
});

Deno.test("TrainedWeights.update() refuses gradients that are missing or not finite", () => {
  const weights = new TrainedWeights({ b: vector() });
  assertThrows(() => weights.update({}, 0.1), TypeError, 'no gradient of "b"');
  const broken = { b: tensor("float32", [2], new Float32Array([NaN, 0])) };
  assertThrows(() => weights.update(broken, 0.1), RangeError, "in step 1");
  assertEquals([...weights.values], [0.5, -0.5]);
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
