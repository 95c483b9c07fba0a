/** Knows the maps of a parsed file. @module */

/** A map of a parsed file. */
export type Tree = Readonly<Record<string, unknown>>;

/** Whether a value of a parsed file is a map. */
export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
