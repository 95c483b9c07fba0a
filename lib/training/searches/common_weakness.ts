/** Several sources: searches a point that is low and flat for all of them. @module */
import { norm } from "../optimizer.ts";
import { moved, type Search } from "./search.ts";

/** Decay of the inner momentum. */
const DECAY = 1;

/**
 * Common weakness (CWA, Chen et al., arXiv 2303.09105, algorithm 1): δ goes `radius` uphill by the sign
 * of the ensemble's gradient, then through all sources in turn, x ← x − radius·√n·v with
 * v ← v + ∇Lₖ(x)/‖∇Lₖ(x)‖₂, n the number of values that are trained; the gradient is δ − x.
 */
export const commonWeakness: Search = {
  description: "a step uphill, then down every source in turn (CWA, arXiv 2303.09105)",
  moments: ["inner"],
  gradients: ({ sources }) => 1 + sources,
  perSource: true,
  async find(gradientAt, { values, rates, moments, random, sources, radius }) {
    const whole = await gradientAt(values);
    const length = radius *
      Math.sqrt(rates.reduce((count, rate) => count + (rate === 0 ? 0 : 1), 0));
    const inner = moments.inner!;
    let x = moved({ values, rates }, (i) => Math.sign(whole.grad[i]!), radius);
    for (const source of random.permutation(sources)) {
      const { grad } = await gradientAt(x, source);
      const size = norm(grad) + 1e-12;
      grad.forEach((g, i) => inner[i] = DECAY * inner[i]! + g / size);
      x = moved({ values: x, rates }, (i) => -inner[i]!, length);
    }
    return { ...whole, grad: values.map((value, i) => value - x[i]!) };
  },
};
