/** Several sources: removes the part in which their gradients differ. @module */
import { combined, moved, type Search } from "./search.ts";

/**
 * Stochastic variance reduced ensemble (SVRE, Xiong et al., arXiv 2111.10752): from δ, `samples` inner
 * steps of the sign of G, each radius/samples long, with G ← G + ∇Lₖ(x) − (∇Lₖ(δ) − ∇L(δ)) for a random
 * source k; the last G is the gradient.
 */
export const reducedVariance: Search = {
  description: "inner steps on random sources, their variance taken out (SVRE, arXiv 2111.10752)",
  moments: [],
  // The sources' gradients at δ are kept: at most one of each.
  gradients: ({ samples, sources }) => 1 + samples + Math.min(samples, sources),
  perSource: true,
  async find(gradientAt, { values, rates, random, sources, samples, radius }) {
    const whole = await gradientAt(values);
    const single = new Map<number, Float32Array>();
    let inner = values;
    let sum = new Float32Array(values.length);
    for (let i = 0; i < samples; i++) {
      const source = random.integer(sources);
      const there = single.get(source) ?? (await gradientAt(values, source)).grad;
      single.set(source, there);
      const { grad } = await gradientAt(inner, source);
      sum = Float32Array.from(combined([[1, sum], [1, grad], [-1, there], [1, whole.grad]]));
      inner = moved({ values: inner, rates }, (i) => -Math.sign(sum[i]!), radius / samples);
    }
    return { ...whole, grad: sum };
  },
};
