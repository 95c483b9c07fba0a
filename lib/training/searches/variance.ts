/** Variance tuning. @module */
import { combined, type Gradient, neighbour, type Search } from "./search.ts";

/**
 * Variance tuning (VMI, Wang and He, arXiv 2103.15571): g = ∇L(δ) + v, where v, from the step before,
 * is the mean of ∇L(δ + r) − ∇L(δ) over neighbours, r uniform in ±radius.
 */
export const variance: Search = {
  description:
    "plus the variance of neighbours' gradients from the step before (VT, arXiv 2103.15571)",
  moments: ["variance"],
  gradients: ({ samples }) => 1 + samples,
  perSource: false,
  async find(gradientAt, point) {
    const { values, samples, moments } = point;
    const here = await gradientAt(values);
    const around: Gradient[] = [];
    for (let i = 0; i < samples; i++) around.push(await gradientAt(neighbour(point)));
    const grad = combined([[1, here.grad], [1, moments.variance!]]);
    const mean = around.map(({ grad }) => [1 / samples, grad] as const);
    moments.variance!.set(combined([[-1, here.grad], ...mean]));
    return { ...here, grad };
  },
};
