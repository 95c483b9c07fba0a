/** Views with another spectrum. @module */
import { tensor } from "../../tensor/tensor.ts";
import type { View } from "./view.ts";

/** ρ: factors of frequencies are uniform in 1 ± ρ. σ: deviation of the noise, of pixels in [0, 1]. */
const [SPREAD, NOISE] = [0.5, 16 / 255];

/**
 * The matrix of the orthonormal cosine transform (DCT-II), [n, n]: row k has
 * √(2/n)·cos(π(2i + 1)k/2n), the first divided by √2.
 */
export function cosineMatrix(n: number): Float32Array {
  return Float32Array.from({ length: n * n }, (_, at) => {
    const [k, i] = [Math.floor(at / n), at % n];
    const scale = Math.sqrt((k === 0 ? 1 : 2) / n);
    return scale * Math.cos(Math.PI * (2 * i + 1) * k / (2 * n));
  });
}

/**
 * Spectrum simulation (SSM, Long et al., arXiv 2207.05382): noise is added, and every frequency of the
 * cosine transform is multiplied by a random factor.
 */
export const spectrum: View = {
  description: "with noise, every frequency times 0.5 to 1.5 (SSM, arXiv 2207.05382)",
  inputs: ({ batch, canvas }) => ({
    noise: [batch, 3, canvas, canvas],
    factors: [batch, 3, canvas, canvas],
  }),
  build: (b, { pixels }, { noise, factors }, { canvas }) => {
    const cosines = b.constant(tensor("float32", [canvas, canvas], cosineMatrix(canvas)));
    const back = b.op("Transpose", [cosines], { perm: [1, 0] });
    const product = (...[x, y, z]: [string, string, string]) =>
      b.op("MatMul", [b.op("MatMul", [x, y]), z]);
    const frequencies = product(cosines, b.op("Add", [pixels, noise!]), back);
    return product(back, b.op("Mul", [frequencies, factors!]), cosines);
  },
  draw: ({ random, batch, canvas }) => {
    const dims = [batch, 3, canvas, canvas];
    const length = batch * 3 * canvas ** 2;
    const values = (draw: () => number) =>
      tensor("float32", dims, Float32Array.from({ length }, draw));
    return {
      noise: values(() => NOISE * random.normal()),
      factors: values(() => random.uniform(1 - SPREAD, 1 + SPREAD)),
    };
  },
};
