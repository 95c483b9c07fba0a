import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { rateBySteps, type ScheduleName, schedules } from "../../lib/training/schedule.ts";

const trainings = fc.record({
  steps: fc.integer({ min: 1, max: 60 }),
  perEpoch: fc.integer({ min: 1, max: 20 }),
  lr: fc.double({ min: 1e-3, max: 40, noNaN: true }),
});
const names = Object.keys(schedules) as ScheduleName[];

Deno.test("schedules.cosine is ½(1 + cos(πe/T))", () => {
  assertEquals(schedules.cosine(0, 5), 1);
  assertEquals(schedules.cosine(2, 4), 0.5);
  assertAlmostEquals(schedules.cosine(3, 4), 0.5 * (1 - Math.SQRT1_2), 1e-12);
  assertEquals(schedules.constant(), 1);
});

Deno.test("rateBySteps() is constant inside an epoch and never rises from one to the next", () => {
  fc.assert(fc.property(trainings, fc.constantFrom(...names), (training, name) => {
    const rate = rateBySteps(name, training);
    const rates = Array.from({ length: training.steps }, (_, step) => rate(step));
    rates.forEach((found, step) => {
      const first = step - step % training.perEpoch;
      assertEquals(found, rates[first], `step ${step} of ${training.perEpoch} an epoch`);
      assert(found <= (rates[step - 1] ?? Infinity) && found > 0, `step ${step}`);
    });
    assertEquals(rates[0], training.lr);
  }));
});

Deno.test("rateBySteps() falls from one epoch to the next along the cosine", () => {
  fc.assert(fc.property(trainings, (training) => {
    const rate = rateBySteps("cosine", training);
    const epochs = Math.ceil(training.steps / training.perEpoch);
    for (let epoch = 1; epoch < epochs; epoch++) {
      const [before, after] = [
        rate((epoch - 1) * training.perEpoch),
        rate(epoch * training.perEpoch),
      ];
      assert(after < before, `epoch ${epoch}`);
      assertAlmostEquals(after, training.lr * schedules.cosine(epoch, epochs), 1e-9);
    }
  }));
});
