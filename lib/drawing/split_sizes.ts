/** How many rows each split of a balanced, generated task has. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { LoadOptions, SplitName } from "../data/dataset.ts";

/** Rows per class of each split. */
export type SplitSizes = Readonly<Record<SplitName, number>>;

/**
 * Rows per class: `shots`, or a percentage of the default, for training; the others as they are.
 *
 * @throws {DiagnosticError} If shots and percentage are both given, or leave no row.
 */
export function splitSizes(defaults: SplitSizes, options: LoadOptions): SplitSizes {
  const { shots, percentage } = options;
  if (shots !== undefined && percentage !== undefined) {
    throw refusal(`shots (${shots}) and percentage (${percentage}) exclude each other`);
  }
  const train = shots ?? Math.round(defaults.train * (percentage ?? 100) / 100);
  if (!Number.isInteger(train) || train < 1) {
    throw refusal(`${train} per class of ${defaults.train} are left, at least 1 is needed`);
  }
  return { ...defaults, train };
}

function refusal(cause: string): DiagnosticError {
  const message = `Cannot choose training rows: ${cause}`;
  return new DiagnosticError([{ code: "bad-split-size", severity: "error", message }]);
}

/**
 * The seed of a row's image. Training rows change with the seed and those of fewer shots are
 * among those of more; validation and test stay the same for every seed.
 */
export function rowSeed(
  task: string,
  split: SplitName,
  row: { seed: number; index: number },
): string {
  const seed = split === "train" ? `/${row.seed}` : "";
  return `${task}/${split}${seed}/${row.index}`;
}
