/** Loads a user's own loss terms: modules that a pipeline names. @module */
import type { LossTerms, LossWeights } from "./loss_table.ts";
import type { LossTerm } from "./loss_term.ts";

/** The module of a user's own term. */
interface TermModule {
  readonly name: string;
  /** URL of the module. */
  readonly module: string;
}

/** Weights as a stage gets them: numbers, or the user's own terms with their modules. */
export type GivenWeights = Readonly<
  Record<string, number | (TermModule & { readonly weight: number })>
>;

/** A loss as a stage gets it: the name of a variant or weights, and the variants of the pipeline. */
export interface GivenLoss {
  readonly loss?: string | GivenWeights | undefined;
  readonly variants: Readonly<Record<string, GivenWeights>>;
}

/** The same with numbers alone. */
export function plainLoss({ loss, variants }: GivenLoss): {
  readonly loss: string | LossWeights | undefined;
  readonly variants: Readonly<Record<string, LossWeights>>;
} {
  return {
    loss: typeof loss === "object" ? plainWeights(loss) : loss,
    variants: Object.fromEntries(
      Object.entries(variants).map(([name, given]) => [name, plainWeights(given)]),
    ),
  };
}

function plainWeights(given: GivenWeights): LossWeights {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) =>
      [name, typeof value === "number" ? value : value.weight] as const
    ),
  );
}

/**
 * Loads the user's own terms that have a weight.
 *
 * @param given The loss of the pipeline and its variants, which tell where its terms are.
 * @throws {TypeError} If a module does not export a loss term.
 */
export async function loadOwnTerms(
  weights: LossWeights,
  { loss, variants }: GivenLoss,
): Promise<LossTerms> {
  const given = [...(typeof loss === "object" ? [loss] : []), ...Object.values(variants)];
  const own = new Map(
    given.flatMap((each) => Object.values(each)).filter((value) => typeof value !== "number")
      .map((term) => [term.name, term]),
  );
  const terms: Record<string, LossTerm> = {};
  for (const name of Object.keys(weights)) {
    const term = own.get(name);
    if (term !== undefined) terms[name] = await loadTerm(term);
  }
  return terms;
}

async function loadTerm({ name, module }: TermModule): Promise<LossTerm> {
  const { default: term } = await import(module) as { default?: Partial<LossTerm> };
  if (typeof term?.build === "function" && (term.sign === 1 || term.sign === -1)) {
    return term as LossTerm;
  }
  throw new TypeError(
    `Cannot use loss term "${name}": the default export of its module is not made by defineLossTerm`,
  );
}
