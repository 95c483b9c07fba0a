/** `@std/csv` from the npm build of the standard library. @module */
import * as csv from "npm:deno-std@1.4.0/csv/mod.js";

/** How cells are separated. */
export interface ParseOptions {
  separator?: string;
}

export const parse: (text: string, options?: ParseOptions) => string[][] = csv.parse as unknown as (
  text: string,
  options?: ParseOptions,
) => string[][];
