/** Flat minima: takes the gradient at the worst point around the prompt. @module */
import { moved, type Search } from "./search.ts";

/**
 * Reverse adversarial perturbation (RAP, Qin et al., arXiv 2210.05968): `samples` steps of the sign of
 * the gradient uphill, together `radius` long; the gradient there.
 */
export const reverse: Search = {
  description: "the gradient at the worst point around the prompt (RAP, arXiv 2210.05968)",
  moments: [],
  gradients: ({ samples }) => 1 + samples,
  perSource: false,
  async find(gradientAt, { values, rates, samples, radius }) {
    let worst = values;
    for (let i = 0; i < samples; i++) {
      const { grad } = await gradientAt(worst);
      worst = moved({ values: worst, rates }, (i) => Math.sign(grad[i]!), radius / samples);
    }
    return await gradientAt(worst);
  },
};
