/** Checks the card and the rows of a data set's files. @module */
import { z } from "zod";
import { fits } from "../vision/fits.ts";
import { longestSide } from "../vision/images.ts";
import { schemaOf } from "../diagnostic/schema_of.ts";
import { issueText } from "../diagnostic/schema_issue.ts";
import { quoted } from "./data_failure.ts";
import type { DatasetInfo, Row } from "./dataset.ts";
import { boundedJson } from "../trust/bounded_json.ts";

/** The files are not a data set; the message says what is wrong where. */
export class DatasetError extends SyntaxError {
  override readonly name = "DatasetError";
}

const text = z.string({ error: "text" });
const name = z.string({ error: "text of at least one character" })
  .min(1, { error: "text of at least one character" });
const words = z.string({ error: "text" })
  .refine((value) => value.trim() !== "", { error: "text that is not empty" });
const count = z.int({ error: "a whole number from 0" }).min(0, { error: "a whole number from 0" });
const texts = z.array(text, { error: "a list of texts" });

const sideWords = { error: `a whole number of pixels from 1 to ${longestSide}` };

/** `dataset.json`; what else it holds is left as it is. */
const cardSchema = schemaOf<Card>()(z.looseObject({
  name,
  kind: z.enum(["classification", "generation", "yes-no"], {
    error: "classification, generation or yes-no",
  }),
  classes: texts.min(1, { error: "a list of at least one text" }).optional(),
  caption: text.optional(),
  fit: z.enum(fits, { error: fits.join(", ") }).optional(),
  side: z.int(sideWords).min(1, sideWords).max(longestSide, sideWords).optional(),
  mirrorKeepsAnswer: z.boolean({ error: "true or false" }).optional(),
  licence: text,
  source: text,
  rows: count.optional(),
  height: count.optional(),
  width: count.optional(),
  notes: texts.optional(),
}, { error: "a map" }));

/** A line of `rows.jsonl`. */
const rowSchema = schemaOf<Row>()(z.looseObject({
  id: name,
  cluster: text,
  style: text.optional(),
  instruction: text,
  answer: words,
  answers: z.array(words, { error: "a list of texts" }).optional(),
  candidates: texts.optional(),
  label: count.optional(),
  caption: text.optional(),
}, { error: "a map" }));

/** What a card says of a split, beside what it says of the whole data set. */
export interface Card extends DatasetInfo {
  readonly rows?: number;
  readonly height?: number;
  readonly width?: number;
  readonly notes?: readonly string[];
}

/**
 * Reads `dataset.json`.
 *
 * @throws {DatasetError} With the field that is wrong.
 */
export function readCard(json: string): Card {
  const card = checked(cardSchema, json, "dataset.json");
  const { classes = [] } = card;
  const twice = classes.find((name, i) => classes.indexOf(name) < i);
  if (twice !== undefined) {
    throw new DatasetError(`dataset.json: two of its classes are called "${twice}"`);
  }
  if (card.kind !== "classification" || card.classes !== undefined) return card;
  throw new DatasetError(
    "dataset.json: classes must be a list of texts if kind is classification",
  );
}

/**
 * Reads `rows.jsonl`.
 *
 * @throws {DatasetError} With the line and the field that is wrong, or contradicts the classes.
 */
export function readRows(lines: string, info: DatasetInfo): Row[] {
  const classes = info.classes ?? (info.kind === "yes-no" ? ["yes", "no"] : undefined);
  const numbers = new Map(classes?.map((name, i) => [name, i]));
  const written = lines.replace(/^\ufeff/, "").trimEnd();
  if (written === "") throw new DatasetError("rows.jsonl has no rows");
  const rows = written.split("\n").map((line, i) =>
    checked(rowSchema, line, `rows.jsonl line ${i + 1}`)
  );
  const places = new Map<string, number>();
  rows.forEach((row, i) => {
    const { id } = row;
    const place = `rows.jsonl line ${i + 1}`;
    const before = places.get(id);
    if (before !== undefined) {
      throw new DatasetError(`${place}: its id "${id}" is already used in line ${before + 1}`);
    }
    places.set(id, i);
    // Free answers are of no class, unless they say so.
    const isFree = classes === undefined || info.kind === "generation" && row.label === undefined;
    const mistake = isFree ? undefined : classMistake(row, { classes, numbers });
    if (mistake !== undefined) throw new DatasetError(`${place}: ${mistake}`);
  });
  return rows;
}

/** The classes of a data set, and the place of each. */
interface Classes {
  readonly classes: readonly string[];
  readonly numbers: ReadonlyMap<string, number>;
}

/** How a row contradicts the classes, or its answer its candidates. */
function classMistake(
  { label, answer, candidates }: Row,
  { classes, numbers }: Classes,
): string | undefined {
  const all = `the ${classes.length} classes`;
  if (label !== undefined && label >= classes.length) {
    return `label is ${label}, but the last of ${all} is ${classes.length - 1}`;
  }
  if (!numbers.has(answer)) return `answer is ${quoted(answer)}, which is not one of ${all}`;
  if (label !== undefined && classes[label] !== answer) {
    return `answer is ${quoted(answer)}, but its label ${label} is class ${
      quoted(classes[label]!)
    }`;
  }
  const unknown = candidates?.find((name) => !numbers.has(name));
  if (unknown !== undefined) return `candidate ${quoted(unknown)} is not one of ${all}`;
  if (candidates === undefined || candidates.includes(answer)) return undefined;
  return `answer is ${quoted(answer)}, which is not one of its candidates`;
}

function checked<T>(schema: z.ZodType<T>, json: string, place: string): T {
  const value = parse(json, place);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new DatasetError(`${place}: ${issueText(result.error.issues, value)}`);
}

function parse(json: string, place: string): unknown {
  try {
    return boundedJson(json.replace(/^\ufeff/, ""));
  } catch (cause) {
    throw new DatasetError(`${place} is not JSON: ${(cause as Error).message}`, { cause });
  }
}
