/** Defines a data set: the contract between `datasets/*.ts` and the stages. @module */
import type { Fit } from "../vision/fits.ts";

/** A row: an image and the question about it. The images are stored separately, in the same order. */
export interface Row {
  /** Unique within the data set. */
  readonly id: string;
  /** Rows of one drawing or source photo share it; statistics resample clusters. */
  readonly cluster: string;
  /** Who made the drawing or photo, if several did: statistics treat styles as a random sample. */
  readonly style?: string;
  readonly instruction: string;
  readonly answer: string;
  /** All answers that people gave, if there are several. */
  readonly answers?: readonly string[];
  /** The classes among which this row's answer is, if they are not all classes. */
  readonly candidates?: readonly string[];
  /** Index of the answer in `classes`, if the task has classes. */
  readonly label?: number;
  /** Caption for the text-aligned loss term, if it is not built from the class. */
  readonly caption?: string;
}

/** Rows and images of one split. */
export interface Split {
  readonly rows: readonly Row[];
  /** u8, NCHW, RGB: `rows.length * 3 * height * width` bytes. */
  readonly images: Uint8Array;
  readonly height: number;
  readonly width: number;
  /** Notes for the data card on how the rows were chosen. */
  readonly notes?: readonly string[];
}

/** Facts about a data set as a whole. */
export interface DatasetInfo {
  readonly name: string;
  /** `classification`, `generation`, `yes-no`. */
  readonly kind: "classification" | "generation" | "yes-no";
  /** Candidate answers, if they are the same for every row. */
  readonly classes?: readonly string[];
  /** Caption of a class for CLIP: `this is a photo of a {class}`. */
  readonly caption?: string;
  /** Whether mirrored images keep their answers; `false` for digits, letters, left and right. Default true. */
  readonly mirrorKeepsAnswer?: boolean;
  /** How an image that is not square is fitted onto a square canvas; default `resize`. */
  readonly fit?: Fit;
  /** Side of the canvas in pixels, if no stage sets it; default that of small square images, or 224. */
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
  /** Called for every package that was fetched. */
  readonly onDownload?: (download: Download) => void;
  readonly signal?: AbortSignal;
  /** Parameters of this data set, checked by its `parameters` schema. */
  readonly parameters?: unknown;
}

/** A data set: the default export of a file in `datasets/`, or in a pipeline's `datasetFolder`. */
export interface Dataset {
  readonly info: DatasetInfo;
  /** zod schema of its own parameters, such as the drawing scale; absent if it has none. */
  readonly parameters?: import("zod").ZodType;
  /** Side of its square images in pixels, if it is always the same. */
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
 * // One grey image of 8 by 8 pixels for each class, a shade apart from split to split.
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
