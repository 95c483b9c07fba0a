/**
 * The report artifact, made of scores, curves and prompts. Its figures are `report.json`; the page
 * shows its images too.
 *
 * @module
 */
import type { Cost } from "./cost.ts";
import type { Curve } from "./curve.ts";
import type { Role, Setting } from "./scores.ts";

/** A model's place beside a source: unseen ones may have a vision encoder of their own. */
export type Standing = Role | "own-encoder";

/** Models a difference is the mean of: the source's, the unseen ones', those with another encoder's. */
export type Over = Exclude<Standing, "clip">;

/** Variance of a mean from one source, and its degrees of freedom. */
export interface ErrorSource {
  readonly variance: number;
  readonly freedom: number;
}

/** Where the error of a mean comes from. */
export interface ErrorSources {
  /** Drawings, photos: what was drawn class by class. Absent: no class has two. */
  readonly clusters?: ErrorSource;
  /** Art styles, of at least three. */
  readonly styles?: ErrorSource;
  /** Seeds of training, of at least two. */
  readonly seeds?: ErrorSource;
}

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
  /** Where the interval is the cautious one: so few clusters differ from the rest of their stratum. */
  readonly differing?: number;
  readonly errors: ErrorSources;
}

/** Figures beside the share of hits; all but `auc` are shares. */
export type Metric =
  | "precision"
  | "recall"
  | "f1"
  | "yesRatio"
  | "auc"
  | "top5"
  | "classMean"
  | "vqa"
  | "exact"
  | "contains";

/** What was answered for the rows of each class. */
export interface ClassResult {
  readonly name: string;
  /** Rows whose answer it is. */
  readonly rows: number;
  /** Share of them that were answered right, in [0, 1], averaged over seeds. */
  readonly mean: number;
  /** How often each class was answered, averaged over seeds; absent where there are many classes. */
  readonly answered?: readonly number[];
}

/** Mean score of one model with one method, and its interval, both in [0, 1]. */
export interface ScoreSummary extends Sample {
  readonly task: string;
  readonly model: string;
  readonly role: Standing;
  /** The model, or models, the prompt was trained on; null for a baseline. */
  readonly source: string | null;
  readonly method: string;
  readonly setting?: Setting;
  readonly metric: string;
  readonly mean: number;
  readonly ci95: readonly [number, number];
  /** Size of δ, mean over seeds of the RMS and the largest peak; 0 without one. */
  readonly delta: { readonly rms: number; readonly peak: number };
  /** Figures beside the mean, averaged over seeds. */
  readonly metrics: Readonly<Partial<Record<Metric, number>>>;
  /** Class by class; absent for free answers, and means over models. */
  readonly classes?: readonly ClassResult[];
  /** Rows. */
  readonly n: number;
  /** Mean of every seed; one entry for a baseline. */
  readonly seeds: readonly { readonly seed: number | null; readonly mean: number }[];
}

/** A comparison named beforehand, of every task and source of the report. */
export interface Primary {
  readonly a: string;
  readonly b: string;
  readonly over: Over;
}

/** A paired difference a − b in [−1, 1]. */
export interface Comparison extends Sample, Primary {
  readonly task: string;
  readonly source: string;
  readonly setting?: Setting;
  /** The models whose mean it is of. */
  readonly models: readonly string[];
  /** Seeds of training: 1 means that the interval holds for these prompts alone. */
  readonly seeds: number;
  readonly difference: number;
  readonly ci95: readonly [number, number];
  readonly p: number;
  /** Whether it is of the family named beforehand. */
  readonly primary: boolean;
  /** Holm-corrected over that family. */
  readonly pHolm?: number;
}

/** What the models that a prompt has not seen have in common. */
export interface Agreement {
  readonly task: string;
  readonly source: string;
  /** The baseline under which it was measured. */
  readonly method: string;
  readonly models: readonly string[];
  /** Mean correlation of the hits of two models. */
  readonly correlation: number;
  /** M / (1 + (M − 1)·correlation): the number of independent models that would say as much. */
  readonly effective: number;
  /** Mean of Cohen's κ of the predictions of two models. */
  readonly kappa: number;
  /** The same over pairs with different vision encoders; absent where all share one. */
  readonly kappaAcrossEncoders?: number;
}

/** A condition of a fair test, and what was found. */
export interface Precondition {
  readonly task: string;
  readonly name: string;
  readonly holds: boolean;
  readonly found: string;
  /** The rows it was measured on. */
  readonly on: "validation" | "test";
}

/** How accuracy goes with one entry of the setting. */
export interface Sweep {
  readonly task: string;
  readonly source: string;
  /** Whose accuracy: the source's or the mean over the unseen models. */
  readonly over: "source" | "unseen";
  /** The entry. */
  readonly name: string;
  /** Numbers in their order, names in the given order. */
  readonly values: readonly (string | number)[];
  /** One mean for each value; null where there was no run. */
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
  /** Differences of means in [−1, 1]; null where there was no run. */
  readonly gains: readonly (readonly (number | null)[])[];
}

/** One estimate beside what came of it. */
export interface PredictedGain {
  readonly source: string;
  readonly target: string;
  readonly method: string;
  readonly seed: number | null;
  readonly value: number;
  /** Gain of the target over `shrunk`, in [−1, 1]. */
  readonly gain: number;
}

/** How an estimate made beforehand goes with the gains that were measured, on one task. */
export interface Predictor {
  readonly task: string;
  readonly name: string;
  /** Spearman's rank correlation with the gain. */
  readonly correlation: number;
  /** Percentile bootstrap over pairs of source and target. */
  readonly ci95: readonly [number, number];
  readonly pairs: readonly PredictedGain[];
}

/** What scores say. */
export interface Summary {
  readonly scores: readonly ScoreSummary[];
  /** Per source and method the mean over the unseen models, which count as fixed. */
  readonly unseenMeans: readonly ScoreSummary[];
  readonly comparisons: readonly Comparison[];
  /** The comparisons named beforehand, in their order. */
  readonly family: readonly Primary[];
  /** Comparisons named beforehand for which there were no scores. */
  readonly missing: readonly Primary[];
  readonly agreements: readonly Agreement[];
  readonly preconditions: readonly Precondition[];
  readonly sweeps: readonly Sweep[];
  readonly matrices: readonly TransferMatrix[];
}

/** A trained prompt as an image (a data URI). */
export interface PromptImage {
  readonly method: string;
  readonly source: string;
  readonly seed: number | null;
  readonly image: string;
  readonly facts: Readonly<Record<string, string>>;
}

/** One image as a model sees it under a treatment (a data URI). */
export interface Specimen {
  readonly method: string;
  readonly image: string;
}

/** An image with and without a prompt, and what every model answered. */
export interface Example {
  readonly answer: string;
  readonly method: string;
  /** Data URIs. */
  readonly before: string;
  readonly after: string;
  readonly models: readonly {
    readonly model: string;
    readonly role: Role;
    readonly before: string;
    readonly after: string;
  }[];
}

/** Everything on the page. */
export interface ReportData extends Summary {
  readonly title: string;
  readonly curves: readonly Curve[];
  readonly prompts: readonly PromptImage[];
  /** The first test image under every treatment. */
  readonly specimens: readonly Specimen[];
  readonly examples: readonly Example[];
  readonly predictors: readonly Predictor[];
  readonly costs: readonly Cost[];
  /** Further images (data URIs). */
  readonly figures: readonly { readonly caption: string; readonly image: string }[];
  /** Digests and settings: what the figures were made from. */
  readonly provenance: Readonly<Record<string, string>>;
}
