/** The loss terms by name. A new term is a file and a row here. @module */
import { fca } from "./fca.ts";
import { lm } from "./lm.ts";
import type { LossTerm } from "./loss_term.ts";
import { tse } from "./tse.ts";

/** All loss terms. */
export const lossTable = { lm, fca, tse } satisfies Record<string, LossTerm>;

/** Name of a loss term. */
export type LossName = keyof typeof lossTable;

/** Weights of loss terms; a term that is absent or 0 is not computed. */
export type LossWeights = Readonly<{ [Name in LossName]?: number | undefined }>;
