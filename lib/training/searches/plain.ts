/** Takes the gradient at the prompt itself. @module */
import type { Search } from "./search.ts";

/** ∇L(δ). */
export const plain: Search = {
  description: "the gradient at the prompt",
  moments: [],
  gradients: () => 1,
  perSource: false,
  find: (gradientAt, { values }) => gradientAt(values),
};
