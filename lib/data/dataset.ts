/** Defines a data set: the contract between `datasets/*.ts` and the stages. @module */
import type { Fit } from "../vision/fit.ts";

/** One row: a picture and what is asked about it. Pictures lie apart, in the same order. */
export interface Row {
  /** Unique within the data set. */
  readonly id: string;
  /** Rows of one drawing or source photo share it; statistics resample clusters. */
  readonly cluster: string;
  /** Who made the drawing or photo, where several did: statistics take styles as drawn from more. */
  readonly style?: string;
  readonly instruction: string;
  readonly answer: string;
  /** All answers that people gave, where there are several. */
  readonly answers?: readonly string[];
  /** Which of the classes this row's answer is one of, where they are not all. */
  readonly candidates?: readonly string[];
  /** Index of the answer in `classes`, where the task has classes. */
  readonly label?: number;
  /** Caption for the text-aligned loss term, where it is not built from the class. */
  readonly caption?: string;
}

/** Rows and pictures of one split. */
export interface Split {
  readonly rows: readonly Row[];
  /** u8, NCHW, RGB: `rows.length * 3 * height * width` bytes. */
  readonly images: Uint8Array;
  readonly height: number;
  readonly width: number;
  /** What a reader of the data card has to know of how the rows were chosen. */
  readonly notes?: readonly string[];
}

/** What is known of a data set as a whole. */
export interface DatasetInfo {
  readonly name: string;
  /** `classification`, `generation`, `yes-no`. */
  readonly kind: "classification" | "generation" | "yes-no";
  /** Candidate answers, where they are the same for every row. */
  readonly classes?: readonly string[];
  /** Caption of a class for CLIP: `this is a photo of a {class}`. */
  readonly caption?: string;
  /** Whether the answers hold in a mirror; `false` for digits, letters, left and right. Default true. */
  readonly mirrorKeepsAnswer?: boolean;
  /** How a picture that is not square meets a square canvas; default `resize`. */
  readonly fit?: Fit;
  /** Side of the canvas where nothing else says it; default that of small square pictures, or 224. */
  readonly side?: number;
  readonly licence: string;
  readonly source: string;
}

/** A finished download. */
export interface Download {
  readonly package: string;
  readonly version: string;
  readonly bytes: number;
  readonly seconds: number;
}

/** The splits that every data set has. */
export type SplitName = "train" | "validation" | "test";

/** How much to load. */
export interface LoadOptions {
  readonly seed: number;
  /** Training rows per class. */
  readonly shots?: number;
  /** Share of the training rows, in per cent. */
  readonly percentage?: number;
  /** Folder for downloads that are kept. */
  readonly downloads: string;
  readonly onProgress?: (done: number, total: number) => void;
  /** Told of every package that was fetched. */
  readonly onDownload?: (download: Download) => void;
  readonly signal?: AbortSignal;
  /** Parameters of this data set, checked by its `parameters` schema. */
  readonly parameters?: unknown;
}

/** A data set: the default export of a file in `datasets/`, or in a pipeline's `datasetFolder`. */
export interface Dataset {
  readonly info: DatasetInfo;
  /** zod schema of parameters of its own, such as the drawing scale; absent where it has none. */
  readonly parameters?: import("zod").ZodType;
  /** Side of its square pictures in pixels, where it is always the same. */
  readonly side?: number;
  load(options: LoadOptions): Promise<Readonly<Record<SplitName, Split>>>;
}

/**
 * Defines a data set; the default export of a file in the `datasetFolder` of a pipeline.
 *
 * @example
 * ```ts
 * import { defineDataset, type Split } from "@tvp/pipeline/datasets";
 *
 * // One grey picture of 8 by 8 pixels for each class, a shade apart from split to split.
 * function split(name: string, shade: number): Split {
 *   const images = new Uint8Array(2 * 3 * 8 * 8).fill(shade); // u8 [rows, 3, height, width], RGB
 *   const rows = ["cat", "dog"].map((answer, label) => ({
 *     id: `${name}/${answer}`,
 *     cluster: `${name}/${answer}`,
 *     instruction: "This is a",
 *     answer,
 *     label,
 *   }));
 *   return { rows, images, height: 8, width: 8 };
 * }
 *
 * export default defineDataset({
 *   info: {
 *     name: "mine",
 *     kind: "classification",
 *     classes: ["cat", "dog"],
 *     licence: "CC0-1.0",
 *     source: "drawn",
 *   },
 *   load: () =>
 *     Promise.resolve({
 *       train: split("train", 1),
 *       validation: split("validation", 2),
 *       test: split("test", 3),
 *     }),
 * });
 * ```
 */
export function defineDataset(dataset: Dataset): Dataset {
  return dataset;
}
