import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Random } from "../../lib/tensor/random.ts";
import { estimateGradient } from "../../lib/training/spsa.ts";

const center = new Float32Array([1, -2, 0.5, 3]);

/** ½‖x − center‖², so that the gradient is x − center. */
function quadratic(values: Float32Array) {
  const loss = values.reduce((sum, x, i) => sum + (x - center[i]!) ** 2 / 2, 0);
  return Promise.resolve({ loss, terms: { lm: 2 * loss } });
}

const values = new Float32Array([0.2, 0.1, -0.3, 0]);
const ones = new Float32Array(4).fill(1);
const point = { values, rates: ones, step: 3, seed: 1, radius: 0.1 };

Deno.test("estimateGradient() has the gradient as its mean over directions", async () => {
  const { grad, loss, terms } = await estimateGradient(quadratic, { ...point, samples: 4000 });
  grad.forEach((g, i) => assertAlmostEquals(g, values[i]! - center[i]!, 0.2));
  assertAlmostEquals(loss, (await quadratic(values)).loss, 0.05);
  assertAlmostEquals(terms.lm!, 2 * loss, 1e-6);
});

Deno.test("estimateGradient() moves along one direction by one pair of losses", async () => {
  const asked: Float32Array[] = [];
  const { grad } = await estimateGradient((x) => {
    asked.push(x.slice());
    return quadratic(x);
  }, { ...point, rates: new Float32Array([1, 0, 0.25, 1]), samples: 1 });
  assertEquals(asked.length, 2);
  const radius = 0.1 / 4 ** 0.101;
  const moved = asked[0]!.map((x, i) => Math.abs(x - values[i]!));
  // A rate of ¼ is reached by half the radius, a rate of 0 not at all.
  [radius, 0, radius / 2, radius].forEach((r, i) => assertAlmostEquals(moved[i]!, r, 1e-6));
  assertEquals(grad[1], 0);
  assertAlmostEquals(Math.abs(grad[2]!), 2 * Math.abs(grad[0]!), 1e-5);
  asked[0]!.forEach((x, i) => assertAlmostEquals(x + asked[1]![i]!, 2 * values[i]!, 1e-6));
});

Deno.test("estimateGradient() draws by seed and step alone", async () => {
  const at = (step: number, seed: number) =>
    estimateGradient(quadratic, { ...point, step, seed, samples: 2 }).then(({ grad }) => grad);
  assertEquals(await at(5, 0), await at(5, 0));
  assert(String(await at(5, 0)) !== String(await at(6, 0)));
  assert(String(await at(5, 0)) !== String(await at(5, 1)));
});

Deno.test("estimateGradient() takes both losses of a pair with common random numbers", async () => {
  // A loss whose noise depends on the step alone cancels in the difference.
  const noise = new Random(0).normal() * 1000;
  const noisy = async (x: Float32Array) => {
    const { loss, terms } = await quadratic(x);
    return { loss: loss + noise, terms };
  };
  const quiet = await estimateGradient(quadratic, { ...point, samples: 3 });
  const loud = await estimateGradient(noisy, { ...point, samples: 3 });
  loud.grad.forEach((g, i) => assertAlmostEquals(g, quiet.grad[i]!, 1e-6));
});
