/** Makes rows of a source's columns: question, answer, class, caption, cluster. @module */
import { suggestions } from "../diagnostic/suggest.ts";
import { type ColumnRole, type Columns, findColumn, valueOf } from "./columns.ts";
import { dataFailure, quoted } from "./data_failure.ts";
import type { DataSpec } from "./data_spec.ts";
import type { ListedRow, Listing } from "./listing.ts";
import { type Choice, choicesOf } from "./multiple_choice.ts";

/** A row that is made, before its split is chosen. */
export interface MadeRow {
  readonly id: string;
  /** Rows of one source share it; absent where each represents itself. */
  readonly cluster?: string;
  readonly instruction: string;
  readonly answer: string;
  /** All answers that people gave, if there are several. */
  readonly answers?: readonly string[];
  readonly label?: number;
  /** Answers of this row alone, of those of the data set. */
  readonly candidates?: readonly string[];
  readonly caption?: string;
  /** Name of its split, if the source says it. */
  readonly split?: string;
  /** Place of its image in the listing. */
  readonly place: number;
  /** Where it is, for messages. */
  readonly where: string;
}

/** Rows of a data set and what they have in common. */
export interface MadeRows {
  readonly kind: "classification" | "generation" | "yes-no";
  readonly classes?: readonly string[];
  readonly rows: readonly MadeRow[];
}

/** What is asked where nothing else is (arXiv 2404.11207). */
const defaultInstruction = "This is a photo of a";

/**
 * Makes rows.
 *
 * @param source Name of the source, for messages.
 * @throws {DiagnosticError} If a row lacks what the kind of task needs.
 */
export function makeRows(listing: Listing, spec: DataSpec, source: string): MadeRows {
  const columns = columnsIn(listing, spec, source);
  const choices = columns.candidates === undefined
    ? undefined
    : choicesOf(listing.rows, columns, spec);
  const kind = spec.kind ?? kindOf(listing, columns);
  const newNames = newNamesIn(spec);
  const classes = classesOf(listing, { columns, spec, kind, choices, newNames, source });
  const numbers = new Map(classes?.map((name, i) => [name, i]));
  const rows = listing.rows.map((row, place) =>
    makeRow(row, {
      place,
      columns,
      spec,
      listing,
      kind,
      classes,
      numbers,
      newNames,
      choice: choices?.[place],
    })
  );
  checkIds(rows, source);
  return { kind, rows, ...(classes === undefined ? {} : { classes }) };
}

function columnsIn({ rows, embedded }: Listing, spec: DataSpec, source: string): Columns {
  const roles = ["image", "instruction", "answer", "label", "caption", "cluster", "id", "split"];
  const columns: Partial<Record<ColumnRole, string>> = {};
  for (const role of [...roles, "candidates"] as ColumnRole[]) {
    if (role === "image" && embedded) continue;
    const found = findColumn(role, rows, source, spec.columns?.[role]);
    if (found !== undefined) columns[role] = found;
  }
  return columns;
}

const yesNo = ["yes", "no"];

/** What else stands for yes and no. */
const yesNoSigns: ReadonlyMap<string, string> = new Map([
  ["1", "yes"],
  ["0", "no"],
  ["true", "yes"],
  ["false", "no"],
]);

function kindOf(listing: Listing, columns: Columns): MadeRows["kind"] {
  if (columns.label !== undefined || columns.candidates !== undefined) return "classification";
  const answers = new Set(listing.rows.map((row) => namedText(listing, columns.answer, row)));
  if ([...answers].every((answer) => yesNo.includes((answer ?? "").toLowerCase()))) return "yes-no";
  return columns.instruction === undefined ? "classification" : "generation";
}

interface ClassMaking {
  readonly columns: Columns;
  readonly spec: DataSpec;
  readonly kind: MadeRows["kind"];
  readonly choices: readonly Choice[] | undefined;
  readonly newNames: ReadonlyMap<string, string>;
  readonly source: string;
}

function classesOf(
  listing: Listing,
  { columns, spec, kind, choices, newNames, source }: ClassMaking,
): readonly string[] | undefined {
  if (kind === "generation") return withoutClasses(spec, "its answers are free", source);
  if (kind === "yes-no") {
    withoutClasses(spec, "its answers are yes and no", source);
    return yesNo;
  }
  if (choices !== undefined) {
    withoutClasses(spec, "each of its rows has candidates of its own", source);
    const most = choices.reduce(
      (longest, { candidates }) => Math.max(longest, candidates.length),
      0,
    );
    return choices.find(({ candidates }) => candidates.length === most)!.candidates;
  }
  if (Array.isArray(spec.classes)) return unique(spec.classes, source);
  const column = columns.label ?? columns.answer;
  if (column === undefined) {
    throw dataFailure(source, "none of its columns has a known name for the label or the answer", [
      `columns: ${Object.keys(listing.rows[0]?.fields ?? {}).join(", ")}`,
      "name it: columns: { label: NAME }",
    ]);
  }
  const named = listing.classesOf?.(column);
  if (named !== undefined) {
    checkNewNames(newNames, [...named, ...named.keys().map(String)], source);
    const names = named.map((name, i) => newNames.get(name) ?? newNames.get(String(i)) ?? name);
    return unique(names, source);
  }
  const names = new Set(
    listing.rows.map((row) => {
      const value = valueOf(row, column);
      return textOf(value) ?? missing(row.where, column, value);
    }),
  );
  const sorted = [...names].sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1));
  checkNewNames(newNames, sorted, source);
  return unique(sorted.map((name) => newNames.get(name) ?? name), source);
}

/** Refuses `classes` where there are none: they would be ignored. A published set says yes and no. */
function withoutClasses({ classes }: DataSpec, why: string, source: string): undefined {
  if (classes === undefined || `${classes}` === `${yesNo}`) return undefined;
  throw dataFailure(source, `it has no classes to name, because ${why}`, [
    "leave out classes; names of classes need kind: classification, and a label in each row",
  ]);
}

/** Names that the user gives classes, by what is written in the source. */
function newNamesIn({ classes }: DataSpec): ReadonlyMap<string, string> {
  return new Map(Array.isArray(classes) ? [] : Object.entries(classes ?? {}));
}

function checkNewNames(
  newNames: ReadonlyMap<string, string>,
  known: readonly string[],
  source: string,
): void {
  const unknown = [...newNames.keys()].find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw dataFailure(
    source,
    `classes gives "${unknown}" another name, but no class is called so`,
    suggestions(unknown, known),
  );
}

function unique(classes: readonly string[], source: string): readonly string[] {
  const twice = classes.find((name, i) => classes.indexOf(name) < i);
  if (twice !== undefined) throw dataFailure(source, `two of its classes are called "${twice}"`);
  return classes;
}

function missing(where: string, column: string, value?: unknown): never {
  const isEmpty = value === undefined || value === null || typeof value !== "object";
  throw dataFailure(
    where,
    isEmpty
      ? `column "${column}" has no value`
      : `column "${column}" is ${shown(value)}, expected a text or a number`,
  );
}

/** The text of a column; a number that stands for a class becomes its name. */
function namedText(
  { classesOf }: Listing,
  column: string | undefined,
  row: ListedRow,
): string | undefined {
  const text = textOf(valueOf(row, column));
  return column === undefined ? text : classesOf?.(column)?.[Number(text)] ?? text;
}

/** Texts, and numbers as texts. */
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value.trim() === "" ? undefined : value.trim();
  // NaN is what tables of numbers have where a value is missing.
  const isValue = typeof value === "boolean" || typeof value === "number" && !Number.isNaN(value);
  return isValue ? String(value) : undefined;
}

interface RowMaking {
  readonly place: number;
  readonly columns: Columns;
  readonly spec: DataSpec;
  readonly listing: Listing;
  readonly kind: MadeRows["kind"];
  readonly classes: readonly string[] | undefined;
  readonly numbers: ReadonlyMap<string, number>;
  readonly newNames: ReadonlyMap<string, string>;
  readonly choice: Choice | undefined;
}

function makeRow(row: ListedRow, making: RowMaking): MadeRow {
  const { columns, spec, choice, place } = making;
  const { where } = row;
  const value = (role: ColumnRole) => textOf(valueOf(row, columns[role]));
  const given = answerOf(row, making);
  const words = (template: string) => filled(template, { row, class: given.answer });
  const asked = choice?.instruction ??
    (spec.instruction === undefined ? undefined : words(spec.instruction)) ?? value("instruction");
  const instruction = asked ?? (making.kind === "classification" ? defaultInstruction : undefined);
  if (instruction === undefined) {
    throw dataFailure(where, "it has no question", [
      "write one for all rows, instruction: TEXT, or name its column: columns: { instruction: NAME }",
    ]);
  }
  const caption = spec.caption === undefined || isOfClass(spec.caption)
    ? value("caption")
    : words(spec.caption);
  const split = row.split ?? value("split");
  const cluster = value("cluster");
  return {
    id: value("id") ?? value("image") ?? String(place),
    instruction,
    ...given,
    ...(cluster === undefined ? {} : { cluster }),
    ...(caption === undefined ? {} : { caption }),
    ...(split === undefined ? {} : { split }),
    place,
    where,
  };
}

/** Whether a caption depends on the class alone: it is kept once for all rows. */
export const isOfClass = (caption: string): boolean => !/\{(?!class\})/.test(caption);

function answerOf(
  row: ListedRow,
  making: RowMaking,
): Pick<MadeRow, "answer" | "label" | "answers" | "candidates"> {
  const { columns, choice, numbers } = making;
  if (choice !== undefined) {
    const { answer, candidates } = choice;
    return { answer, candidates, label: numbers.get(answer)! };
  }
  if (making.kind === "generation") {
    const column = columns.answer ?? columns.label ?? "answer";
    return freeAnswer(valueOf(row, column), row.where, column);
  }
  if (making.kind === "yes-no") {
    const column = columns.answer ?? columns.label ?? "answer";
    const said = namedText(making.listing, column, row)?.toLowerCase() ?? "";
    const answer = yesNoSigns.get(said) ?? said;
    const label = numbers.get(answer);
    if (label === undefined) {
      throw dataFailure(
        row.where,
        `its answer is ${shown(valueOf(row, column))}, expected yes or no`,
      );
    }
    return { answer, label };
  }
  const label = classNumber(row, making);
  return { answer: making.classes![label]!, label };
}

const shown = (value: unknown) =>
  value === undefined ? "missing" : JSON.stringify(value).slice(0, 60);

function classNumber(row: ListedRow, making: RowMaking): number {
  const { columns, spec, listing, classes = [], numbers, newNames } = making;
  const column = columns.label ?? columns.answer!;
  const value = valueOf(row, column);
  const written = textOf(value) ?? missing(row.where, column, value);
  const named = numbers.get(newNames.get(written) ?? written);
  if (named !== undefined) return named;
  const isNumbered = listing.classesOf?.(column) !== undefined || Array.isArray(spec.classes);
  if (isNumbered && /^\d+$/.test(written) && Number(written) < classes.length) {
    return Number(written);
  }
  throw dataFailure(
    row.where,
    `its ${column} is ${shown(value)}, which is not one of the ${classes.length} classes`,
    suggestions(written, classes),
  );
}

/** One answer, or of those of several people the most frequent one. */
function freeAnswer(
  value: unknown,
  where: string,
  column: string,
): Pick<MadeRow, "answer" | "answers"> {
  if (!Array.isArray(value)) return { answer: textOf(value) ?? missing(where, column, value) };
  const answers = value.map((item) =>
    textOf(typeof item === "object" && item !== null ? (item as { answer?: unknown }).answer : item)
  ).filter((text) => text !== undefined);
  if (answers.length === 0) missing(where, column);
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const [answer] = [...counts].reduce((best, next) => next[1] > best[1] ? next : best);
  return { answer, answers };
}

/** A template with `{class}` and `{COLUMN}` filled in. @throws {DiagnosticError} If there is no such column. */
export function filled(
  template: string,
  { row: { fields, where }, class: name }: { readonly row: ListedRow; readonly class: string },
): string {
  return template.replace(/\{([^{}]+)\}/g, (_, key: string) => {
    if (Object.hasOwn(fields, key)) return textOf(fields[key]) ?? missing(where, key);
    if (key === "class" || key === "answer") return name;
    throw dataFailure(where, `a template needs column "${key}", which is missing`, [
      ...suggestions(key, Object.keys(fields)),
      `columns: ${Object.keys(fields).join(", ")}`,
    ]);
  });
}

function checkIds(rows: readonly MadeRow[], source: string): void {
  const seen = new Map<string, string>();
  for (const { id, split, where } of rows) {
    const key = `${split ?? ""}\0${id}`;
    const before = seen.get(key);
    if (before !== undefined) {
      throw dataFailure(source, `two rows have the id ${quoted(id)}: ${before} and ${where}`, [
        "Each row needs its own id: columns: { id: NAME }",
      ]);
    }
    seen.set(key, where);
  }
}
