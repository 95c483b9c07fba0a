/** The mean score of one model with one method. @module */
import type { Standing } from "./cells.ts";
import type { Estimate } from "./estimate.ts";
import type { Metric } from "./metrics.ts";
import type { Setting } from "./scores.ts";

/** Mean score of one model with one method. */
export interface ScoreSummary extends Omit<Estimate, "p" | "seeds"> {
  readonly task: string;
  readonly model: string;
  readonly role: Standing;
  /** The model, or models, the prompt was trained on; null for a baseline. */
  readonly source: string | null;
  readonly method: string;
  readonly setting?: Setting;
  readonly metric: string;
  /** Size of δ, mean over seeds of the RMS and the largest peak; 0 without one. */
  readonly delta: { readonly rms: number; readonly peak: number };
  /** Figures beside the mean, averaged over seeds. */
  readonly metrics: Readonly<Partial<Record<Metric, number>>>;
  /** Rows. */
  readonly n: number;
  /** Mean of every seed; one entry for a baseline. */
  readonly seeds: readonly { readonly seed: number | null; readonly mean: number }[];
}
