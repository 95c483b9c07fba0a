/** What a report shows, as plain data. @module */

/** A model's place beside the source of a prompt. */
export type Standing = "source" | "unseen" | "own-encoder" | "clip";

/** What sets runs apart: shots, a corruption, a frame width. */
export type Setting = Readonly<Record<string, string | number>>;

/** An accuracy with its interval, both in [0, 1]. */
export interface Score {
  readonly task: string;
  readonly model: string;
  readonly role: Standing;
  /** Model the prompt was trained on; null for a baseline. */
  readonly source: string | null;
  readonly method: string;
  readonly setting?: Setting;
  readonly metric: string;
  readonly mean: number;
  readonly ci95: readonly [number, number];
  /** Figures beside the mean: precision, recall, f1, yesRatio, auc, top5. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly n: number;
  readonly seeds: readonly { readonly seed: number | null; readonly mean: number }[];
}

/** A paired difference a − b in [−1, 1]. */
export interface Difference {
  readonly task: string;
  readonly source: string;
  readonly setting?: Setting;
  readonly a: string;
  readonly b: string;
  readonly over: string;
  readonly difference: number;
  readonly ci95: readonly [number, number];
  readonly crossed95?: readonly [number, number];
  readonly p: number;
  readonly pHolm?: number;
  readonly primary: boolean;
}

/** A condition of a fair test, and what was found. */
export interface Condition {
  readonly task: string;
  readonly name: string;
  readonly holds: boolean;
  readonly found: string;
}

/** Means along one entry of the setting. */
export interface Sweep {
  readonly task: string;
  readonly source: string;
  readonly over: "source" | "unseen";
  readonly name: string;
  readonly values: readonly (string | number)[];
  readonly series: readonly {
    readonly method: string;
    readonly means: readonly (number | null)[];
  }[];
}

/** Gains over `shrunk` by source (down) and target (across). */
export interface TransferMatrix {
  readonly task: string;
  readonly method: string;
  readonly sources: readonly string[];
  readonly models: readonly string[];
  readonly gains: readonly (readonly (number | null)[])[];
}

/** How an estimate made beforehand goes with the gains that were measured. */
export interface Predictor {
  readonly task: string;
  readonly name: string;
  /** Spearman's rank correlation. */
  readonly correlation: number;
  readonly ci95: readonly [number, number];
  readonly pairs: readonly {
    readonly source: string;
    readonly target: string;
    readonly method: string;
    readonly seed: number;
    readonly value: number;
    readonly gain: number;
  }[];
}

/** What a training step costs. */
export interface Cost {
  readonly method: string;
  readonly source: string;
  readonly batch: number;
  /** Floating-point operations. */
  readonly flops: number;
  /** Median. */
  readonly ms: number;
  /** Highest resident memory above that at the start. */
  readonly peakBytes: number;
  readonly threads: number;
  readonly provider: string;
}

/** One training: a point every few steps. */
export interface Curve {
  readonly method: string;
  readonly source: string;
  readonly seed: number;
  readonly points: readonly {
    readonly step: number;
    readonly lr: number;
    readonly loss: number;
    readonly terms: Readonly<Record<string, number>>;
  }[];
}

/** A trained prompt as a picture (a data URI). */
export interface PromptPicture {
  readonly method: string;
  readonly source: string;
  readonly seed: number | null;
  readonly picture: string;
  readonly facts: Readonly<Record<string, string>>;
}

/** A picture with and without a prompt, and what every model answered. */
export interface Example {
  readonly answer: string;
  readonly method: string;
  /** Data URIs. */
  readonly before: string;
  readonly after: string;
  readonly models: readonly {
    readonly model: string;
    readonly role: "source" | "unseen" | "clip";
    readonly before: string;
    readonly after: string;
  }[];
}

/** Everything on the page. */
export interface ReportData {
  readonly title: string;
  readonly scores: readonly Score[];
  readonly unseenMeans: readonly Score[];
  readonly comparisons: readonly Difference[];
  readonly preconditions: readonly Condition[];
  readonly sweeps: readonly Sweep[];
  readonly matrices: readonly TransferMatrix[];
  readonly curves: readonly Curve[];
  readonly prompts: readonly PromptPicture[];
  readonly examples: readonly Example[];
  readonly predictors: readonly Predictor[];
  readonly costs: readonly Cost[];
  /** Further pictures (data URIs). */
  readonly figures: readonly { readonly caption: string; readonly picture: string }[];
  /** Digests and settings: what the figures were made from. */
  readonly provenance: Readonly<Record<string, string>>;
}
