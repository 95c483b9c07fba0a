/** Lists of rows: CSV, TSV, JSON lines. @module */
import { parse } from "@std/csv";
import { basename } from "@std/path";
import { dataFailure } from "../data_failure.ts";
import { type DataRoot, readList } from "../data_root.ts";
import { jsonIn } from "./json_text.ts";
import { namedListing } from "./file_images.ts";
import type { ListedRow, Listing } from "../listing.ts";
import { checkColumns, columnNames, columnOf } from "../columns.ts";

/** Lists that may lie in a folder of images, in the order in which they are looked for. */
export const tableNames: readonly string[] = [
  "labels.csv",
  "labels.tsv",
  "labels.jsonl",
  "metadata.csv",
  "metadata.jsonl",
  "metadata.parquet",
];

/** Most rows of a list. */
const maxRows = 5_000_000;

/** From this many lines on, a line has at least so many characters: rows of nothing cost memory too. */
const manyLines = { from: 1_000_000, characters: 10 };

/**
 * Reads a list by its ending; the images that it names lie in `root`.
 *
 * @param column Column of the images' names, where it is not called as usual.
 * @throws {DiagnosticError} With the line that is wrong.
 */
export function readTable(
  path: string,
  root: DataRoot,
  column?: string,
): Promise<Listing> {
  const rows = /\.(?:jsonl|ndjson|json)$/i.test(path) ? jsonRows(path, column) : csvRows(path);
  const name = columnOf("image", rows, basename(path), column);
  return Promise.resolve(namedListing(rows, root, name));
}

function csvRows(path: string): ListedRow[] {
  const name = basename(path);
  const written = readList(path).replace(/^\ufeff/, "");
  const [hint, told] = /^sep=(.)\r?\n/.exec(written) ?? []; // as Excel has it
  const text = unixLines(written.slice(hint?.length ?? 0));
  checkLines(text, name);
  const separator = told ?? (/\.tsv$/i.test(path) ? "\t" : separatorOf(text));
  const [header, ...lines] = csvCells(text, separator, name);
  if (header === undefined || lines.length === 0) {
    throw dataFailure(name, "it has a line of column names and no rows");
  }
  checkColumns(header.length, name);
  const columns = header.map((column) => column.trim());
  const twice = repeated(columns.filter((column) => column !== ""));
  if (twice !== undefined) throw dataFailure(name, `it has two columns "${twice}"`);
  return lines.map((cells, i) => {
    // Quoted cells may hold line breaks: rows are counted, not lines.
    const where = `${name} row ${i + 1}`;
    if (cells.length !== columns.length) {
      throw dataFailure(where, `it has ${cells.length} cells for ${columns.length} columns`);
    }
    return { where, fields: Object.fromEntries(columns.map((column, c) => [column, cells[c]!])) };
  });
}

function checkLines(text: string, name: string): void {
  const { from, characters } = manyLines;
  const most = Math.min(maxRows, Math.max(from, Math.floor(text.length / characters)));
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines++;
  if (lines <= most) return;
  throw dataFailure(name, `it has ${lines} lines in ${text.length} characters, expected rows`);
}

/** The first text that was there before. */
function repeated(texts: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return texts.find((text) => {
    if (seen.has(text)) return true;
    seen.add(text);
    return false;
  });
}

/** Old Macs end lines with a carriage return alone. */
const unixLines = (text: string) => text.includes("\n") ? text : text.replaceAll("\r", "\n");

/** The separators of cells; spreadsheets of some countries write semicolons. */
const separators = [",", ";", "\t", "|"];

/** As much of a text as is looked at for them. */
const longestHeader = 1 << 16;

/** The one that the line of column names has most of, outside of quotes. */
function separatorOf(text: string): string {
  const [first = ""] = text.slice(0, longestHeader).replace(/"[^"]*"/g, "").split("\n", 1);
  const counts = separators.map((separator) => first.split(separator).length);
  return separators[counts.indexOf(Math.max(...counts))]!;
}

function csvCells(text: string, separator: string, name: string): string[][] {
  try {
    const cells = parse(text, { separator }) as string[][];
    return cells.filter((row) => row.some((cell) => cell.trim() !== ""));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw dataFailure(name, `it is not CSV: ${error.message}`);
  }
}

/**
 * Rows of JSON lines, or of a list.
 *
 * @param column Column of the images' names, where it is not called as usual.
 * @throws {DiagnosticError} With the line that is not a map.
 */
export function jsonRows(path: string, column?: string): ListedRow[] {
  const text = readList(path).replace(/^\ufeff/, "");
  const name = basename(path);
  const list = listIn(text, name, column);
  const rows = list !== undefined
    ? list.map((value, i) => ({ where: `${name} item ${i + 1}`, value }))
    : jsonLines(text, name);
  if (rows.length === 0) throw dataFailure(name, "it has no rows");
  if (rows.length > maxRows) throw dataFailure(name, `it has more than ${maxRows} rows`);
  return rows.map(({ where, value }) => {
    if (isMap(value)) return { where, fields: value };
    throw dataFailure(where, "it is not a map of columns and values");
  });
}

function jsonLines(text: string, name: string): { where: string; value: unknown }[] {
  checkLines(text, name);
  return text.split(/\r\n?|\n/).flatMap((line, i) => {
    const where = `${name} line ${i + 1}`;
    return line.trim() === "" ? [] : [{ where, value: parsed(line, where) }];
  });
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The list that a file is, or the one list of maps in a `.json` file that is a map: `{ data: […] }`. */
function listIn(text: string, name: string, column?: string): readonly unknown[] | undefined {
  if (text.trimStart().startsWith("[")) return parsed(text, name) as unknown[];
  if (!/\.json$/i.test(name)) return undefined;
  const whole = mapIn(text);
  if (whole === undefined) return undefined;
  const lists = Object.entries(whole).filter(([, value]) =>
    Array.isArray(value) && value.length > 0 && value.every(isMap)
  ) as [string, Record<string, unknown>[]][];
  const hasImage = namesImage(column);
  // A row may have lists of maps as well, such as its answers.
  const isRow = hasImage(whole) && !lists.some(([, rows]) => rows.some(hasImage));
  if (lists.length === 0 || isRow) return [whole];
  if (lists.length === 1) return lists[0]![1];
  const found = lists.map(([key]) => `"${key}"`).join(", ");
  throw dataFailure(name, `it has several lists: ${found}`, [
    "Write one list, or JSON lines, in which each row has its image and its answer",
  ]);
}

/** Tells the maps that have the column of the images, or one that is called as it usually is. */
function namesImage(column?: string): (map: Record<string, unknown>) => boolean {
  const known: readonly string[] = columnNames.image;
  return (map) =>
    Object.keys(map).some((key) =>
      column === undefined ? known.includes(key.toLowerCase()) : key === column
    );
}

/** The map that a whole text is; `undefined` where it is none, as JSON lines are none. */
function mapIn(text: string): Record<string, unknown> | undefined {
  try {
    const value = jsonIn(text);
    return isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function parsed(text: string, where: string): unknown {
  try {
    return jsonIn(text);
  } catch (error) {
    throw dataFailure(where, `it is not JSON: ${(error as Error).message}`);
  }
}

/** A JSON file. @throws {DiagnosticError} If it is missing, or no JSON. */
export function jsonValue(path: string): unknown {
  return parsed(readList(path).replace(/^\ufeff/, ""), basename(path));
}
