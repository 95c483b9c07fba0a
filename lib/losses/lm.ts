/** The language-model loss. @module */
import { type LossTerm, meanOverSources } from "./loss_term.ts";

/** Mean token cross entropy of the answers (arXiv 2404.11207, section 3.1); with several sources the mean over them. */
export const lm: LossTerm = {
  description: "the language-model loss: mean cross entropy of the answer tokens of the batch",
  sign: 1,
  needsClip: false,
  build: (builder, inputs) => meanOverSources(builder, inputs, (s) => s.languageModelLoss),
};
