import { assertEquals } from "@std/assert";
import {
  firstPlan,
  isOutOfMemory,
  partsOf,
  planText,
  planWithin,
  smallerPlan,
  whyNotAsked,
} from "../../lib/training/memory_plan.ts";

const whole = { microBatch: 16, recompute: false };
const one = { microBatch: 1, recompute: false };
const again = { microBatch: 1, recompute: true };
/** 1 of the process and weights, 16 of values at a batch of 16. */
const memory = { weights: 1, activations: 16, total: 17 };

for (
  const [microBatch, divides, expected] of [
    ["auto", true, 16],
    [4, true, 4],
    [5, true, 4],
    [7, true, 4],
    [100, true, 16],
    [4, false, 16],
  ] as const
) {
  Deno.test(`firstPlan() computes ${expected} of 16 at once for microBatch ${microBatch}, divides ${divides}`, () => {
    const plan = firstPlan({ batch: 16, microBatch, divides });
    assertEquals(plan, { microBatch: expected, recompute: false });
  });
}

for (
  const [budget, divides, expected] of [
    [17, true, whole],
    [16, true, { microBatch: 8, recompute: false }],
    [3, true, { microBatch: 2, recompute: false }],
    [2, true, one],
    [1, true, again],
    [1, false, { microBatch: 16, recompute: true }],
    [undefined, true, whole],
  ] as const
) {
  Deno.test(`planWithin() fits a budget of ${budget}, divides ${divides}`, () => {
    assertEquals(planWithin(whole, memory, { budget, batch: 16, divides }), expected);
  });
}

for (
  const [values, budget, divides, expected] of [
    [16, undefined, true, whole],
    [8, undefined, true, { microBatch: 8, recompute: false }],
    [8, 3, true, { microBatch: 2, recompute: false }],
    [0.5, undefined, true, one],
    [0.5, 1, true, again],
    [8, undefined, false, whole],
  ] as const
) {
  Deno.test(`planWithin() keeps values to ${values} within a budget of ${budget}, divides ${divides}`, () => {
    assertEquals(planWithin(whole, memory, { values, budget, batch: 16, divides }), expected);
  });
}

Deno.test("planWithin() takes the largest part that fits, not only halves", () => {
  const dozen = { microBatch: 12, recompute: false };
  const takes = { weights: 1, activations: 12, total: 13 };
  const free = { budget: 6, batch: 12, divides: true };
  assertEquals(planWithin(dozen, takes, free).microBatch, 4);
});

for (
  const [batch, most, microBatch, images] of [
    [12, 5, 4, [4, 4, 4]],
    [17, 8, 8, [8, 8, 1]],
    [23, 6, 6, [6, 6, 6, 3, 2]],
    [13, 2, 2, [2, 2, 2, 2, 2, 2, 1]],
    [7, 1, 1, [1, 1, 1, 1, 1, 1, 1]],
  ] as const
) {
  Deno.test(`partsOf() computes ${batch} images, at most ${most} at once, in ${images.join(" + ")}`, () => {
    const plan = firstPlan({ batch, microBatch: most, divides: true });
    assertEquals(plan.microBatch, microBatch);
    const parts = partsOf(batch, microBatch);
    assertEquals(parts.map((part) => part.images), [...images]);
    let next = 0;
    for (const { start, images } of parts) {
      assertEquals([start, microBatch % images], [next, 0]);
      next += images;
    }
    assertEquals(next, batch);
  });
}

for (
  const [microBatch, divides, expected] of [
    ["auto", false, undefined],
    [4, true, undefined],
    [100, true, undefined],
    [100, false, undefined],
    [
      5,
      true,
      "computes 4 of 16 images at once, not microBatch 5: that would compute more images twice",
    ],
    [
      4,
      false,
      "computes 16 of 16 images at once, not microBatch 4: a view or a loss term looks across the images of a batch",
    ],
  ] as const
) {
  Deno.test(`whyNotAsked() for microBatch ${microBatch}, divides ${divides}`, () => {
    const choices = { batch: 16, microBatch, divides };
    assertEquals(whyNotAsked(choices, firstPlan(choices)), expected);
  });
}

Deno.test("smallerPlan() halves, then recomputes, then ends", () => {
  const plans = [{ microBatch: 12, recompute: false }];
  const of = { batch: 12, divides: true };
  for (let next = smallerPlan(plans[0]!, of); next; next = smallerPlan(next, of)) {
    plans.push(next);
  }
  assertEquals(plans.map((plan) => planText(plan, 12)), [
    "12 of 12 images at once",
    "6 of 12 images at once",
    "3 of 12 images at once",
    "1 of 12 images at once",
    "1 of 12 images at once, inner values computed twice",
  ]);
});

for (
  const [message, expected] of [
    ["Failed to allocate memory for requested buffer of size 1073741824", true],
    ["std::bad_alloc", true],
    ["CUDA failure 2: out of memory ; GPU=0", true],
    ["BFCArena: Available memory of 12 is smaller than requested bytes of 4096", true],
    ["CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED", true],
    ["Array buffer allocation failed", true],
    ["Could not find an implementation for MatMul(13)", false],
  ] as const
) {
  Deno.test(`isOutOfMemory() is ${expected} for: ${message}`, () => {
    assertEquals(isOutOfMemory(new Error(message)), expected);
  });
}
