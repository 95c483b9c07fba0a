/** The loss terms by name. A new term is a file and a row here. @module */
import { fca } from "./fca.ts";
import { fia } from "./fia.ts";
import { lm } from "./lm.ts";
import type { LossTerm } from "./loss_term.ts";
import { mid } from "./mid.ts";
import { tse } from "./tse.ts";

/** All loss terms. */
export const lossTable = { lm, fca, tse, mid, fia } satisfies Record<string, LossTerm>;

/** What a weight of each built-in term weighs. */
export const weightDescriptions: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(lossTable).map((
    [name, { description }],
  ) => [name, `weight of ${description.split(":")[0]}`]),
);

/** Loss terms by name. */
export type LossTerms = Readonly<Record<string, LossTerm>>;

/** Weights of terms, of the table or the user's own; a term that is absent or 0 is not computed. */
export type LossWeights = Readonly<Record<string, number | undefined>>;

/** The terms that have a weight: those of the table in its order, then the user's own. */
export function weightedTerms(
  weights: LossWeights,
  own: LossTerms = {},
): readonly (readonly [name: string, term: LossTerm])[] {
  return Object.entries<LossTerm>({ ...lossTable, ...own }).filter(([name]) => weights[name]);
}

/** Name of a term with a weight that needs CLIP. */
export function termThatAsksClip(weights: LossWeights, own: LossTerms = {}): string | undefined {
  return weightedTerms(weights, own).find(([, { needsClip }]) => needsClip)?.[0];
}

/** Whether a term with a weight needs features from the middle of the encoder. */
export function asksHidden(weights: LossWeights, own: LossTerms = {}): boolean {
  return weightedTerms(weights, own).some(([, { needsHidden }]) => needsHidden);
}
