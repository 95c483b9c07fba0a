/** Recognises the role of a source's columns by their usual names. @module */
import { suggestions } from "../diagnostic/suggest.ts";
import { dataFailure } from "./data_failure.ts";
import type { ListedRow } from "./listing.ts";

/** What a column can be, and what it is called where the user does not say. */
export const columnNames = {
  image: [
    ...["image", "picture", "img", "photo", "file", "file_name", "filename", "path"],
    ...["image_path", "image_file", "image_filename"],
  ],
  instruction: ["instruction", "question", "prompt", "query"],
  answer: ["answer", "answers", "gold", "target"],
  label: ["label", "class", "category", "fine_label", "species", "breed"],
  caption: ["caption"],
  cluster: ["cluster", "group"],
  id: ["id", "question_id", "row_id"],
  split: ["split", "subset"],
  candidates: ["candidates", "choices", "options"],
} as const satisfies Record<string, readonly string[]>;

/** What a column can be. */
export type ColumnRole = keyof typeof columnNames;

/** The column of each role; a role that no column has is absent. */
export type Columns = Readonly<Partial<Record<ColumnRole, string>>>;

/** A row's value of a column; `undefined` where the row lacks it, or no column has the role. */
export function valueOf({ fields }: ListedRow, column: string | undefined): unknown {
  return column !== undefined && Object.hasOwn(fields, column) ? fields[column] : undefined;
}

/** Columns of lists that were asked before. */
const known = new WeakMap<readonly ListedRow[], ReadonlySet<string>>();

/** Most columns of a list: images of 100×100 pixels, one a column, have as many. */
const maxColumns = 10_000;

/** @throws {DiagnosticError} If a list has more columns than are read. */
export function checkColumns(count: number, source: string): void {
  if (count <= maxColumns) return;
  throw dataFailure(source, `it has ${count} columns, at most ${maxColumns} can be read`);
}

/** Every column that a row has: some begin late. @throws {DiagnosticError} If they are too many. */
function columnsOf(rows: readonly ListedRow[], source: string): ReadonlySet<string> {
  const found = known.get(rows);
  if (found !== undefined) return found;
  const names = new Set<string>();
  for (const { fields } of rows) for (const name of Object.keys(fields)) names.add(name);
  checkColumns(names.size, source);
  known.set(rows, names);
  return names;
}

/** The column of a role, if there is one. @throws {DiagnosticError} If the user names one that is not there. */
export function findColumn(
  role: ColumnRole,
  rows: readonly ListedRow[],
  source: string,
  given?: string,
): string | undefined {
  const there = columnsOf(rows, source);
  if (given === undefined) {
    const lower = new Map([...there].map((name) => [name.toLowerCase(), name]));
    return columnNames[role].map((name) => lower.get(name)).find((name) => name !== undefined);
  }
  if (there.has(given)) return given;
  throw dataFailure(source, `it has no column "${given}" for the ${role}`, [
    ...suggestions(given, there),
    `columns: ${[...there].join(", ")}`,
  ]);
}

/** The column of a role. @throws {DiagnosticError} If there is none. */
export function columnOf(
  role: ColumnRole,
  rows: readonly ListedRow[],
  source: string,
  given?: string,
): string {
  const found = findColumn(role, rows, source, given);
  if (found !== undefined) return found;
  const there = columnsOf(rows, source);
  throw dataFailure(source, `none of its columns has a known name for the ${role}`, [
    `columns: ${[...there].join(", ")}`,
    `name it: columns: { ${role}: NAME }; known names are ${columnNames[role].join(", ")}`,
  ]);
}
