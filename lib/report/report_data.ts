/** What a report shows, as plain data. @module */

/** A model's place beside the source of a prompt. */
export type Standing = "source" | "unseen" | "own-encoder" | "clip";

/** What sets runs apart: shots, a corruption, a frame width. */
export type Setting = Readonly<Record<string, string | number>>;

/** The sample that an interval is of. */
export interface Sample {
  readonly rows: number;
  /** Drawings or photos: what was drawn at random. */
  readonly clusters: number;
  /** Classes with drawings of their own; 1 where the split is not balanced over classes. */
  readonly strata: number;
  /** Art styles taken as drawn at random; 0 where they are not. */
  readonly styles: number;
  /** Classes of one drawing, joined with others. */
  readonly joined: number;
  /** Where the interval is the cautious one: so few clusters differ from the rest. */
  readonly differing?: number;
}

/** An accuracy with its interval, both in [0, 1]. */
export interface Score extends Sample {
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
  /** Size of δ: root of the mean square, and the largest change of a pixel; 0 without one. */
  readonly delta: { readonly rms: number; readonly peak: number };
  /** Figures beside the mean: precision, recall, f1, yesRatio, auc, top5. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly n: number;
  readonly seeds: readonly { readonly seed: number | null; readonly mean: number }[];
}

/** A paired difference a − b in [−1, 1]. */
export interface Difference extends Sample {
  readonly task: string;
  readonly source: string;
  readonly setting?: Setting;
  readonly a: string;
  readonly b: string;
  readonly over: string;
  /** The models whose mean it is of. */
  readonly models: readonly string[];
  /** Seeds of training: 1 means that the interval holds for these prompts alone. */
  readonly seeds: number;
  readonly difference: number;
  readonly ci95: readonly [number, number];
  readonly p: number;
  /** Of the family named beforehand, which is corrected together (Holm). */
  readonly primary: boolean;
  readonly pHolm?: number;
}

/** A comparison named beforehand. */
export interface Named {
  readonly a: string;
  readonly b: string;
  readonly over: string;
}

/** How many models the unseen ones amount to. */
export interface Agreement {
  readonly task: string;
  readonly source: string;
  readonly method: string;
  readonly models: readonly string[];
  readonly correlation: number;
  readonly effective: number;
  readonly kappa: number;
  readonly kappaAcrossEncoders?: number;
}

/** A condition of a fair test, and what was found. */
export interface Condition {
  readonly task: string;
  readonly name: string;
  readonly holds: boolean;
  readonly found: string;
  readonly on: "validation" | "test";
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

/** One picture as a model sees it under a treatment (a data URI). */
export interface Specimen {
  readonly method: string;
  readonly picture: string;
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
  /** Comparisons named beforehand for which there were no scores. */
  readonly missing: readonly Named[];
  readonly agreements: readonly Agreement[];
  readonly preconditions: readonly Condition[];
  readonly sweeps: readonly Sweep[];
  readonly matrices: readonly TransferMatrix[];
  readonly curves: readonly Curve[];
  readonly prompts: readonly PromptPicture[];
  /** The first test picture under every treatment. */
  readonly specimens: readonly Specimen[];
  readonly examples: readonly Example[];
  readonly predictors: readonly Predictor[];
  readonly costs: readonly Cost[];
  /** Further pictures (data URIs). */
  readonly figures: readonly { readonly caption: string; readonly picture: string }[];
  /** Digests and settings: what the figures were made from. */
  readonly provenance: Readonly<Record<string, string>>;
}
