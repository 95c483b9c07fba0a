/**
 * The schema of `dataset:` for the user's own data: a format, its files, and how rows are made.
 *
 * @module
 */
import { z } from "zod";
import { nearest } from "../diagnostic/suggest.ts";
import { fits } from "../vision/fits.ts";
import { longestSide } from "../vision/images.ts";

/** Formats by the key that names their files. */
export const formatKeys = ["folder", "csv", "jsonl", "parquet", "webdataset"] as const;

/** A format. */
export type FormatKey = typeof formatKeys[number];

/** What a column may be for. */
const columnRoles = [
  ...["image", "instruction", "answer", "label", "caption"],
  ...["cluster", "id", "split", "candidates"],
] as const;

/** The map that `dataset:` takes; made when a file has one, as most runs have none. */
function makeSchema() {
  const text = z.string({ error: "text" }).min(1, { error: "text of at least one character" });
  const share = z.number({ error: "a number above 0" }).positive({ error: "a number above 0" });

  const list = z.array(text).min(1, { error: "a list of at least one text" });
  const several = z.union([text, list], { error: "a path or a list of paths" });
  const part = z.union([share, text], { error: "a share above 0, or the name of a split" });

  const whole = (least: number, most = Number.MAX_SAFE_INTEGER) => {
    const limit = most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`;
    const words = { error: `a whole number from ${least}${limit}` };
    return z.int(words).min(least, words).max(most, words);
  };

  /** Files of a format: one path, several, or those of each split. */
  const places = z.union([
    text,
    list,
    z.strictObject({
      train: several,
      validation: several.optional(),
      test: several.optional(),
    }),
  ], { error: "a path, a list of paths, or { train: PATH, validation: PATH, test: PATH }" });
  return z.strictObject({
    set: text.optional().describe("a published set, such as cifar10, whose files are in `folder`"),
    name: text.optional().describe(
      "its name in tables; default the set's name, or that of its files",
    ),
    folder: places.optional().describe("images in a folder for each class, or with a list"),
    csv: places.optional().describe("a list of rows, CSV or TSV"),
    jsonl: places.optional().describe("a list of rows, one JSON map a line"),
    parquet: places.optional().describe("Parquet files; also hf://datasets/OWNER/NAME"),
    webdataset: places.optional().describe("tar archives: shard-{000..009}.tar"),
    images: text.optional().describe(
      "folder of the images that a list names; default the list's",
    ),
    columns: z.partialRecord(z.enum(columnRoles), text, {
      error: `a map with some of ${columnRoles.join(", ")}`,
    }).optional().describe("names of columns"),
    classes: z.union([list, z.record(z.string(), text)], {
      error: "a list of names, or a map of names",
    }).optional().describe(
      "names of the classes in the order of their numbers, or a map to other names",
    ),
    instruction: text.optional().describe("the question; {COLUMN} becomes a value of the row"),
    caption: text.optional().describe("CLIP's caption; {class} or {COLUMN}"),
    kind: z.enum(["classification", "generation", "yes-no"], {
      error: "classification, generation or yes-no",
    }).optional(),
    split: z.strictObject({
      train: part,
      validation: part.optional(),
      test: part.optional(),
      seed: whole(0).optional(),
    }, { error: "{ train, validation, test }, shares or names" }).optional()
      .describe("shares, such as 0.6, 0.2 and 0.2, or names of given splits"),
    fit: z.enum(fits, { error: fits.join(", ") }).optional()
      .describe("how an image that is not square is fitted onto a square canvas"),
    side: whole(8, longestSide).optional().describe(
      "side of the canvas in pixels, if no stage sets it",
    ),
    decoded: whole(8, 1024).optional().describe(
      "decode each image once, to a square of this side in pixels, and keep the pixels",
    ),
    mirror: z.boolean({ error: "true or false" }).optional().describe(
      "whether mirrored images keep their answers; default true",
    ),
    broken: z.enum(["refuse", "skip"], { error: "refuse or skip" }).optional().describe(
      "what to do with damaged images",
    ),
    licence: text.optional(),
  }, { error: "a map" });
}

/** What `dataset:` says, checked. */
export type DataSpec = z.output<ReturnType<typeof makeSchema>>;

let schema: ReturnType<typeof makeSchema> | undefined;

/** Reads what the user wrote; a text that is no set's name is a path. @returns What is wrong, as text. */
export function parseDataSpec(written: unknown): DataSpec | string {
  const result = (schema ??= makeSchema()).safeParse(withNewNames(written));
  if (!result.success) {
    const [issue] = result.error.issues;
    const at = issue!.path.map(String).join(".");
    if (issue!.code === "unrecognized_keys") {
      return unknownKeys(issue!.keys, at);
    }
    return `${at === "" ? "it" : at} must be ${issue!.message}`;
  }
  const given = formatKeys.filter((key) => result.data[key] !== undefined);
  if (given.length === 1) return result.data;
  const { set } = result.data;
  if (set !== undefined && given.length === 0) {
    return `it does not say where the set's files lie; write { set: ${set}, folder: ./FOLDER }`;
  }
  return given.length === 0
    ? `it names no files; give one of ${formatKeys.join(", ")}`
    : `it has ${given.join(" and ")}: give one of them`;
}

/** Keys that the maps in a map may have, by their own key. */
const innerKeys: Readonly<Record<string, readonly string[]>> = {
  columns: columnRoles,
  split: ["train", "validation", "test", "seed"],
};

function unknownKeys(keys: readonly string[], at: string): string {
  const known = at === "" ? Object.keys(schema!.shape) : innerKeys[at] ?? [];
  const quoted = keys.map((key) => `"${key}"`).join(", ");
  const [name, value] = keys[0]!.split(/:(.*)/s);
  if (value !== undefined && known.includes(name!)) {
    return `it has ${quoted}; write a space after the colon: { ${name}: ${value} }`;
  }
  const meant = nearest(keys[0]!, known);
  const guess = meant === undefined ? "" : `; did you mean "${meant}"?`;
  return `${at === "" ? "it" : at} has ${quoted}, which is not supported${guess}`;
}

/** `images:` was called `pictures:`. */
function withNewNames(written: unknown): unknown {
  if (!isMap(written) || !("pictures" in written) || "images" in written) return written;
  const { pictures: images, ...others } = written;
  return { ...others, images };
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** How the files of a format end. */
export const formatEndings = {
  csv: /\.(?:csv|tsv)$/i,
  jsonl: /\.(?:jsonl|ndjson|json)$/i,
  parquet: /\.parquet$/i,
  webdataset: /\.(?:tar|tgz|tar\.(?:gz|zst))$/i,
} as const satisfies Partial<Record<FormatKey, RegExp>>;

/** How archives end that are not read: whoever names one is told to unpack it. */
export const packedArchive = /\.(?:tbz2?|txz|tar\.(?:bz2|xz|lzma|lz4|Z))$/i;

/** The format of a path, by its ending; what has none is a folder. */
export function formatOfPath(path: string): FormatKey {
  if (path.startsWith("hf://")) return "parquet";
  if (packedArchive.test(path)) return "webdataset";
  const formats = Object.entries(formatEndings) as [FormatKey, RegExp][];
  return formats.find(([, ending]) => ending.test(path))?.[0] ?? "folder";
}
