/** Checks the card and the rows of a data set's files. @module */
import { z } from "zod";
import { fits } from "../vision/fits.ts";
import { longestSide } from "../vision/images.ts";
import { schemaOf } from "../diagnostic/schema_of.ts";
import { issueText } from "../diagnostic/schema_issue.ts";
import type { DatasetInfo, Row } from "./dataset.ts";

/** The files are not a data set; the message says what is wrong where. */
export class DatasetError extends SyntaxError {
  override readonly name = "DatasetError";
}

const text = z.string({ error: "text" });
const name = z.string({ error: "text of at least one character" })
  .min(1, { error: "text of at least one character" });
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
  answer: text,
  answers: texts.optional(),
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
  if (card.kind !== "classification" || card.classes !== undefined) return card;
  throw new DatasetError(
    "dataset.json: classes must be a list of texts if kind is classification",
  );
}

/**
 * Reads `rows.jsonl`.
 *
 * @throws {DatasetError} With the line and the field that is wrong.
 */
export function readRows(lines: string, { classes }: DatasetInfo): Row[] {
  const written = lines.replace(/^\ufeff/, "").trimEnd();
  if (written === "") throw new DatasetError("rows.jsonl has no rows");
  const rows = written.split("\n").map((line, i) =>
    checked(rowSchema, line, `rows.jsonl line ${i + 1}`)
  );
  const places = new Map<string, number>();
  rows.forEach(({ id, label }, i) => {
    const place = `rows.jsonl line ${i + 1}`;
    const before = places.get(id);
    if (before !== undefined) {
      throw new DatasetError(`${place}: its id "${id}" is already used in line ${before + 1}`);
    }
    places.set(id, i);
    if (classes !== undefined && label !== undefined && label >= classes.length) {
      throw new DatasetError(
        `${place}: label is ${label}, but the last of the ${classes.length} classes is ${
          classes.length - 1
        }`,
      );
    }
  });
  return rows;
}

function checked<T>(schema: z.ZodType<T>, json: string, place: string): T {
  const value = parse(json, place);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new DatasetError(`${place}: ${issueText(result.error.issues, value)}`);
}

function parse(json: string, place: string): unknown {
  try {
    return JSON.parse(json.replace(/^\ufeff/, ""));
  } catch (cause) {
    throw new DatasetError(`${place} is not JSON: ${(cause as Error).message}`, { cause });
  }
}
