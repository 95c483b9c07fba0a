/** The loss term `mid`: feature consistency in the middle of the encoder. @module */
import { distance } from "./fca.ts";
import { type LossTerm, meanOverSources } from "./loss_term.ts";

/**
 * As `fca`, behind half of the encoder's residual layers: features there are more alike between models
 * than the last ones (intermediate level attack, Huang et al., arXiv 1907.10823, whose sign is the
 * other one: it drives features apart).
 */
export const mid: LossTerm = {
  description: "mean L2 distance of prompted to clean features in the middle of the encoder",
  sign: 1,
  needsClip: false,
  needsHidden: true,
  build: (builder, inputs) =>
    meanOverSources(
      builder,
      inputs,
      (s) => distance(builder, s.hiddenFeatures(), s.cleanHiddenFeatures()),
    ),
};
