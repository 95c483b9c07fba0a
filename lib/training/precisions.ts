/** The ways to compute with float16 weights. @module */

/** Ways to compute with float16 weights. */
export const precisions = {
  float32: "float16 weights are widened, and everything is computed in float32",
  mixed:
    "products of matrices and convolutions in float16; loss, softmax, norms and sums in float32",
} as const;

/** A way to compute with float16 weights. */
export type Precision = keyof typeof precisions;
