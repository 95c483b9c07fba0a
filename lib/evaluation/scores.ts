/** The scores artifact: what one model answered, row by row, under one prompt. @module */

/** A model's place in an experiment: trained on, not trained on, or CLIP as a yardstick. */
export type Role = "source" | "unseen" | "clip";

/** What sets a run apart from others of the same method: shots, a corruption, a frame width. */
export type Setting = Readonly<Record<string, string | number>>;

/** One answered row. */
export interface ScoredRow {
  readonly id: string;
  /** Of the picture, the instruction and the answer: rows of equal digests are the same question. */
  readonly digest: string;
  /** Rows of one drawing or source photo share it. */
  readonly cluster: string;
  /** Art style, where the data set knows it. */
  readonly style?: string;
  /** Index into `classes`, or free text. */
  readonly answer: number | string;
  readonly prediction: number | string;
  /** Score of each candidate, for classification. */
  readonly scores?: readonly number[];
  readonly hit: boolean;
}

/** Settings of what was done to the pictures: canvas, lr, steps, …; runs that differ never mix. */
export type Treatment = Readonly<Record<string, string | number>>;

/** Scores of one model with one prompt on one split. */
export interface Scores {
  readonly task: string;
  readonly model: string;
  readonly modelDigest: string;
  readonly role: Role;
  /** Names of the models the prompt was trained on; empty for baselines. */
  readonly sources: readonly string[];
  /** `none`, `shrunk`, `plain`, `noise`, or the name of the loss variant. */
  readonly method: string;
  readonly seed: number | null;
  readonly treatment: Treatment;
  /** Size of δ where it may differ from 0, in pixel values of [0, 1]; 0 without one. */
  readonly delta: { readonly rms: number; readonly peak: number };
  /** Absent: the experiment has one setting. Baselines without one stand beside every setting. */
  readonly setting?: Setting;
  /** Digest of the first weights of the vision encoder; models that share the encoder share it. */
  readonly stem?: string;
  readonly metric: string;
  readonly classes?: readonly string[];
  /** Share of hits in [0, 1]. */
  readonly mean: number;
  readonly rows: readonly ScoredRow[];
}
