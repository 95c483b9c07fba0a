/** Flat minima: penalises the norm of the gradient. @module */
import { combined, type Gradient, moved, neighbour, type Search } from "./search.ts";

/** Share of the gradient that is taken uphill; 0.5 in the paper. */
const BALANCE = 0.5;

/** Mean of |g| over what is trained. */
function meanSize(grad: Float32Array, rates: Float32Array): number {
  let [sum, count] = [0, 0];
  grad.forEach((g, i) => {
    if (rates[i] === 0) return;
    sum += Math.abs(g);
    count++;
  });
  return sum / Math.max(1, count) + 1e-12;
}

/**
 * Penalised gradient norm (PGN, Ge et al., arXiv 2306.05225), the mean over neighbours δ′ of
 * ½∇L(δ′) + ½∇L(δ′ + radius · ∇L(δ′)/mean|∇L(δ′)|): the product of Hessian and gradient by a finite
 * difference, as in the paper.
 */
export const gradientNorm: Search = {
  description: "neighbours' gradients, half of them a step uphill (PGN, arXiv 2306.05225)",
  moments: [],
  gradients: ({ samples }) => 2 * samples,
  perSource: false,
  async find(gradientAt, point) {
    const { rates, samples, radius } = point;
    const parts: (readonly [number, Float32Array])[] = [];
    let first: Gradient | undefined;
    for (let i = 0; i < samples; i++) {
      const values = neighbour(point);
      const near = await gradientAt(values);
      const size = meanSize(near.grad, rates);
      const uphill = moved({ values, rates }, (i) => near.grad[i]! / size, radius);
      const far = await gradientAt(uphill);
      parts.push([(1 - BALANCE) / samples, near.grad], [BALANCE / samples, far.grad]);
      first ??= near;
    }
    return { ...first!, grad: combined(parts) };
  },
};
