/** Named sets of loss terms. It loads none of their code. @module */
import type { LossWeights } from "./loss_table.ts";

/** `tvp` and its ablations with the weights of arXiv 2404.11207 for CIFAR-10 at 224 pixels. */
export const lossVariants: Readonly<Record<string, LossWeights>> = {
  vp: { lm: 1 },
  tvp: { lm: 1, fca: 0.005, tse: 0.001 },
  "lm+fca": { lm: 1, fca: 0.005 },
  "lm+tse": { lm: 1, tse: 0.001 },
  "lm+mid": { lm: 1, mid: 0.005 },
  "lm+fia": { lm: 1, fia: 0.1 },
};
