/** Chooses the weights of a loss by name or by map. @module */
import { lossTable, type LossWeights } from "./loss_table.ts";
import { lossVariants } from "./variant_table.ts";

/** A loss as it is trained with: how tables call it, and its weights in the order of the table. */
export interface Loss {
  readonly method: string;
  readonly weights: LossWeights;
}

/** Weights without zeros, in one order, so that equal losses are equal values. */
function canonical(weights: LossWeights): LossWeights {
  const builtIn = Object.keys(lossTable);
  const own = Object.keys(weights).filter((name) => !builtIn.includes(name)).sort();
  const names = [...builtIn, ...own];
  return Object.fromEntries(names.filter((n) => weights[n]).map((n) => [n, weights[n]!]));
}

/** How an inline map of weights is called: `1 lm + 0.005 fca`. */
function nameOf(weights: LossWeights): string {
  return Object.entries(weights).map(([term, weight]) => `${weight} ${term}`).join(" + ");
}

/**
 * Resolves a loss: the name of a variant (of the pipeline's own `variants`, or a built-in one), or
 * an inline map of weights, which is its own name.
 *
 * @throws {RangeError} If the name is unknown or every weight is 0.
 *
 * @example
 * ```ts
 * resolveLoss("vp"); // { method: "vp", weights: { lm: 1 } }
 * ```
 */
export function resolveLoss(
  loss: string | LossWeights,
  variants: Readonly<Record<string, LossWeights>> = {},
): Loss {
  const known = { ...lossVariants, ...variants };
  const given = typeof loss === "string" ? known[loss] : loss;
  if (!given) {
    const names = Object.keys(known).map((name) => `"${name}"`).join(", ");
    throw new RangeError(`Cannot train with loss "${loss}": known variants: ${names}`);
  }
  const weights = canonical(given);
  if (Object.keys(weights).length === 0) {
    throw new RangeError("Cannot train with a loss without terms: every weight is 0");
  }
  return { method: typeof loss === "string" ? loss : nameOf(weights), weights };
}
