/** Questions with their own answers to choose from: the models are asked for a letter. @module */
import { type Columns, valueOf } from "./columns.ts";
import { dataFailure } from "./data_failure.ts";
import type { DataSpec } from "./data_spec.ts";
import { jsonIn } from "./formats/json_text.ts";
import type { ListedRow } from "./listing.ts";

/** A question with letters for its answers. */
export interface Choice {
  /** The question, one line for each answer, and what is wanted. */
  readonly instruction: string;
  /** The letter of the right answer. */
  readonly answer: string;
  /** The letters. */
  readonly candidates: readonly string[];
}

/** What LLaVA's evaluation of ScienceQA writes below the answers. */
const wanted = "Answer with the option's letter from the given choices directly.";

/** Most answers of a question. */
const maxChoices = 26;

const letters = Array.from({ length: maxChoices }, (_, i) => String.fromCharCode(65 + i));

/** How an answer may name a choice. */
const readings = ["text", "letter", "place"] as const;
type Reading = typeof readings[number];

/** The choice that an answer names in each reading; a reading in which it names none is absent. */
type Places = Readonly<Partial<Record<Reading, number>>>;

/** A row whose answer is read. */
interface Asked {
  readonly row: ListedRow;
  readonly given: unknown;
  readonly options: readonly string[];
  readonly places: Places;
}

/**
 * Makes a question of each row. The row's answer is the place, the letter or the text of a choice: a
 * number of JSON or Parquet is a place, from 0. Where a text fits two choices, it is read in the one way
 * that fits all rows.
 *
 * @throws {DiagnosticError} If there are no choices, or the answer is none of them or fits two.
 */
export function choicesOf(
  rows: readonly ListedRow[],
  columns: Columns,
  spec: DataSpec,
): readonly Choice[] {
  const asked = rows.map((row) => askedIn(row, columns));
  const common = readings.filter((reading) =>
    asked.every(({ places }) => places[reading] !== undefined)
  );
  return asked.map((one) => {
    const { row, options } = one;
    const question = valueOf(row, columns.instruction) ?? spec.instruction ?? "";
    const lines = options.map((option, i) => `${letters[i]}. ${option}`);
    return {
      instruction: [String(question), ...lines, wanted].filter((line) => line !== "").join("\n"),
      answer: letters[placeOf(one, common)]!,
      candidates: letters.slice(0, options.length),
    };
  });
}

function askedIn(row: ListedRow, columns: Columns): Asked {
  const options = optionsIn(valueOf(row, columns.candidates), row.where);
  const given = valueOf(row, columns.answer ?? columns.label ?? "answer");
  return { row, given, options, places: placesOf(given, options) };
}

/** The place of the choice that is the answer. */
function placeOf({ row: { where }, given, options, places }: Asked, common: readonly Reading[]) {
  const fitting = readings.filter((reading) => places[reading] !== undefined);
  const [first] = fitting;
  const shown = JSON.stringify(given) ?? "is missing and";
  if (first === undefined) {
    throw dataFailure(where, `its answer ${shown} is not one of the ${options.length} choices`, [
      "a number is a place from 0; a text is the letter, the place or the words of a choice",
    ]);
  }
  const [only, ...more] = new Set(fitting.map((reading) => places[reading]!));
  if (more.length === 0) return only!;
  const [reading, ...others] = common;
  if (reading !== undefined && others.length === 0) return places[reading]!;
  const said = fitting.map((way) =>
    `the ${way} of choice ${letters[places[way]!]} (${JSON.stringify(options[places[way]!])})`
  );
  throw dataFailure(where, `its answer ${shown} may be ${said.join(" or ")}`, [
    "write places as numbers in JSON lines or Parquet, or answers that fit one choice alone",
  ]);
}

function optionsIn(value: unknown, where: string): string[] {
  const list = typeof value === "string" ? parsed(value) : value;
  const isList = Array.isArray(list) && list.length >= 2 && list.length <= maxChoices;
  if (isList && list.every((item) => typeof item === "string" || typeof item === "number")) {
    return list.map(String);
  }
  throw dataFailure(where, `its candidates are not a list of 2 to ${maxChoices} texts`);
}

/** A cell of a table holds a list as JSON, or with bars. */
function parsed(text: string): unknown {
  try {
    return jsonIn(text);
  } catch {
    return text.includes("|") ? text.split("|").map((part) => part.trim()) : undefined;
  }
}

function placesOf(answer: unknown, options: readonly string[]): Places {
  const text = typeof answer === "number" ? "" : String(answer ?? "").trim();
  const places = {
    text: text === "" ? -1 : options.indexOf(text),
    letter: letters.indexOf(text.toUpperCase()),
    place: typeof answer === "number" ? answer : /^\d+$/.test(text) ? Number(text) : -1,
  };
  const inside = Object.entries(places).filter(([, place]) =>
    Number.isInteger(place) && place >= 0 && place < options.length
  );
  return Object.fromEntries(inside);
}
