/** The treatments of images that take no trained prompt. @module */

/** What each shows to a model, by its name; in the order of every table. */
export const baselineTable = {
  none: "the full image, by the model's own processor",
  shrunk: "the shrunk image in an empty frame",
  plain: "the shrunk image in a grey frame",
  noise: "the shrunk image in a frame of random pixels",
} as const;

/** Name of a baseline. */
export type Baseline = keyof typeof baselineTable;

/** Their names. */
export const baselines: readonly string[] = Object.keys(baselineTable);

/** Whether a table's row is a baseline: `noise`, `noise, like tvp`. */
export const isBaselineName = (method: string): boolean =>
  baselines.includes(method.split(",")[0]!);
