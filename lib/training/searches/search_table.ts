/** The searches by name. A new one is a file and a row. @module */
import { commonWeakness } from "./common_weakness.ts";
import { gradientNorm } from "./gradient_norm.ts";
import { plain } from "./plain.ts";
import { reducedVariance } from "./reduced_variance.ts";
import { reverse } from "./reverse.ts";
import type { Search } from "./search.ts";
import { variance } from "./variance.ts";

/** All searches. */
export const searches = {
  plain,
  variance,
  reverse,
  "gradient-norm": gradientNorm,
  "reduced-variance": reducedVariance,
  "common-weakness": commonWeakness,
} satisfies Record<string, Search>;

/** Name of a search. */
export type SearchName = keyof typeof searches;

/** A search by its name. */
export const searchOf = (name: SearchName): Search => searches[name];
