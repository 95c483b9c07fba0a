/** Questions with their own answers to choose from: the models are asked for a letter. @module */
import type { ColumnRole } from "./columns.ts";
import { dataFailure } from "./data_failure.ts";
import type { DataSpec } from "./data_spec.ts";
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

/**
 * Makes a question of a row with candidates. Its answer is the place, the letter or the text of one.
 *
 * @throws {DiagnosticError} If there are none, or the answer is none of them.
 */
export function choiceOf(
  { fields, where }: ListedRow,
  columns: Readonly<Partial<Record<ColumnRole, string>>>,
  spec: DataSpec,
): Choice {
  const options = optionsIn(fields[columns.candidates!], where);
  const candidates = letters.slice(0, options.length);
  const given = fields[columns.answer ?? columns.label ?? "answer"];
  const place = placeOf(given, options);
  if (place === undefined) {
    throw dataFailure(
      where,
      `its answer ${
        JSON.stringify(given) ?? "is missing and"
      } is not one of the ${options.length} choices`,
    );
  }
  const question = String(fields[columns.instruction ?? ""] ?? spec.instruction ?? "");
  const lines = options.map((option, i) => `${letters[i]}. ${option}`);
  return {
    instruction: [question, ...lines, wanted].filter((line) => line !== "").join("\n"),
    answer: letters[place]!,
    candidates,
  };
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
    return JSON.parse(text);
  } catch {
    return text.includes("|") ? text.split("|").map((part) => part.trim()) : undefined;
  }
}

function placeOf(answer: unknown, options: readonly string[]): number | undefined {
  const text = String(answer ?? "").trim();
  const named = options.indexOf(text);
  if (named >= 0) return named;
  const letter = letters.indexOf(text.toUpperCase());
  const place = letter >= 0 && letter < options.length
    ? letter
    : /^\d+$/.test(text)
    ? Number(text)
    : -1;
  return place >= 0 && place < options.length ? place : undefined;
}
