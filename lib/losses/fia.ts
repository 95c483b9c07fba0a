/**
 * The loss term `fia`: features in the middle of the encoder, weighted by their importance for the
 * answer.
 *
 * @module
 */
import { type LossTerm, meanOverSources } from "./loss_term.ts";

/**
 * Feature importance (FIA, Wang et al., arXiv 2107.14185): Σ Δ ⊙ f(prompted), mean over the batch, with f
 * the features behind half of the encoder's layers and Δ the mean gradient of the loss with respect to
 * them over copies of the clean image with pixels missing, scaled to length 1. The paper drives
 * features that matter down; here the loss is to fall, so that what helps the answer grows.
 */
export const fia: LossTerm = {
  description: "features in the middle of the encoder, weighted by how the loss grows with them",
  sign: 1,
  needsClip: false,
  needsHidden: true,
  // The missing pixels are drawn for all images of a batch at once.
  wholeBatch: true,
  build: (builder, inputs) =>
    meanOverSources(builder, inputs, (s) => {
      const weighted = builder.op("Mul", [s.hiddenFeatures(), s.importance()]);
      const rows = builder.op("Reshape", [weighted, builder.int64s([0, -1])]);
      const sums = builder.op("ReduceSum", [rows, builder.int64s([1])], { keepdims: 0 });
      return builder.op("ReduceMean", [sums], { keepdims: 0 });
    }),
};
