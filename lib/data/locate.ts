/** Finds the files of a data set by the paths and patterns that people write. @module */
import { basename, dirname, join, resolve } from "@std/path";
import { dataFailure } from "./data_failure.ts";
import { splitOfName } from "./image_names.ts";
import { isThere } from "./is_there.ts";
import {
  type DataSpec,
  formatEndings,
  type FormatKey,
  formatKeys,
  packedArchive,
} from "./data_spec.ts";
import { otherFormats } from "./other_formats.ts";

/** Files of a data set, by split where the user gives them so; all paths are absolute. */
export interface LocatedData {
  readonly format: FormatKey;
  readonly parts: readonly DataPart[];
  /** Folder of the images that a list names, where it is not the list's own. */
  readonly images?: string;
}

/** Files of one split, or of all. */
export interface DataPart {
  readonly split?: string;
  readonly paths: readonly string[];
}

/** A file, and what its path says of its rows. */
export interface DataFile {
  readonly path: string;
  readonly split?: string;
  /** Values of columns by which a writer has divided rows into folders: `label=cat/part-0.parquet`. */
  readonly columns?: Readonly<Record<string, string | null>>;
}

/**
 * The files of a part; where there are several, their paths say how they differ. What is around all
 * of them says nothing: the same files elsewhere are the same data set.
 */
export function filesOf({ split, paths }: DataPart): DataFile[] {
  const start = paths.length > 1 ? commonStart(paths) : undefined;
  return paths.map((path) => {
    const own = split ?? (start === undefined ? undefined : splitOfFile(path.slice(start)));
    const columns = start === undefined ? [] : partitionsIn(path.slice(start));
    return {
      path,
      ...(own === undefined ? {} : { split: own }),
      ...(columns.length === 0 ? {} : { columns: Object.fromEntries(columns) }),
    };
  });
}

/** Characters of the folder that holds all of the paths. */
function commonStart([first = "", ...others]: readonly string[]): number {
  let start = first.lastIndexOf("/");
  while (start > 0 && !others.every((path) => path.startsWith(first.slice(0, start + 1)))) {
    start = first.lastIndexOf("/", start - 1);
  }
  return start + 1;
}

/** The folders `COLUMN=VALUE` of a path. */
function partitionsIn(path: string): [column: string, value: string | null][] {
  return path.split("/").slice(0, -1).flatMap((folder) => {
    const [, column, value] = /^([^=]+)=(.*)$/.exec(folder) ?? [];
    return column === undefined ? [] : [[column, decodedPart(value!)]];
  });
}

/** What Hive, Spark and Arrow call the folder of rows without a value. */
const noValue = "__HIVE_DEFAULT_PARTITION__";

/** A value as it was before it became the name of a folder. */
function decodedPart(value: string): string | null {
  if (value === noValue) return null;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** `train-00000-of-00002.parquet`, or `train/0000.parquet`. */
const splitOfFile = (path: string) =>
  splitOfName(/^[A-Za-z]+/.exec(basename(path))?.[0] ?? "") ?? splitOfName(basename(dirname(path)));

/** Most files that a pattern represents. */
const maxFiles = 100_000;

/**
 * Finds the files.
 *
 * @param bases Folders that relative paths count from: the first in which there is something.
 * @throws {DiagnosticError} If there is nothing.
 */
export function locateData(spec: DataSpec, bases: readonly string[]): LocatedData {
  const format = formatKeys.find((key) => spec[key] !== undefined)!;
  const places = spec[format]!;
  const named = typeof places === "string" || Array.isArray(places) ? undefined : places;
  const parts = named === undefined
    ? [{ paths: findAll([places as string | string[]].flat(), format, bases) }]
    : Object.entries(named).flatMap(([split, pattern]) =>
      pattern === undefined ? [] : [{ split, paths: findAll([pattern].flat(), format, bases) }]
    );
  const { images } = spec;
  return {
    format,
    parts,
    ...(images === undefined ? {} : { images: findOne(images, bases) }),
  };
}

function findAll(
  patterns: readonly string[],
  format: FormatKey,
  bases: readonly string[],
): string[] {
  return patterns.flatMap(expandBraces).flatMap((pattern) => {
    if (pattern.includes("*")) return matching(pattern, bases);
    const path = findOne(pattern, bases);
    if (format === "folder" || !Deno.statSync(path).isDirectory) return [path];
    const inside = filesIn(path, format);
    if (inside.length > 0) return inside;
    throw dataFailure(
      JSON.stringify(path),
      `there is no ${format} file in this folder`,
      otherFormats(path),
    );
  });
}

/** The files of a format in a folder; those that are not read only where there are no others. */
function filesIn(folder: string, format: Exclude<FormatKey, "folder">): string[] {
  const found = filesBelow(folder, formatEndings[format], 0);
  if (found.length > 0 || format !== "webdataset") return found;
  return filesBelow(folder, packedArchive, 0);
}

/** How deep folders of files may lie in each other. */
const deepest = 4;

function filesBelow(folder: string, ending: RegExp, depth: number): string[] {
  const entries = [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1);
  return entries.flatMap(({ name, isDirectory }) => {
    if (name.startsWith(".")) return [];
    if (isDirectory) {
      return depth < deepest ? filesBelow(join(folder, name), ending, depth + 1) : [];
    }
    return ending.test(name) ? [join(folder, name)] : [];
  });
}

function findOne(path: string, bases: readonly string[]): string {
  const [first] = bases;
  const found = bases.map((base) => resolve(base, path)).find(isThere);
  if (found !== undefined) return found;
  throw dataFailure(JSON.stringify(path), `there is no file or folder ${resolve(first!, path)}`, [
    "a path is looked up in the folder of the pipeline file, and then in the current one",
  ]);
}

/**
 * `a-{000..002}.tar` and `{a,b}.tar`, as shells and WebDataset have them.
 *
 * @throws {DiagnosticError} If the pattern represents too many names.
 */
function expandBraces(pattern: string): string[] {
  const [whole, inside] = /\{([^{}]*)\}/.exec(pattern) ?? [];
  if (whole === undefined || inside === undefined) return [pattern];
  const words = braceWords(inside);
  if (words === undefined) return [pattern];
  const expanded = words.map((word) => pattern.replace(whole, () => word));
  if (expanded.length > maxFiles) throw tooMany(pattern);
  const all = expanded.flatMap(expandBraces);
  if (all.length > maxFiles) throw tooMany(pattern);
  return all;
}

function braceWords(inside: string): string[] | undefined {
  const [, from, to] = /^(\d+)\.\.(\d+)$/.exec(inside) ?? [];
  if (from === undefined || to === undefined) {
    return inside.includes(",") ? inside.split(",") : undefined;
  }
  const [first, last] = [Number(from), Number(to)];
  if (last - first >= maxFiles) throw tooMany(`{${inside}}`);
  return Array.from(
    { length: Math.max(0, last - first + 1) },
    (_, i) => String(first + i).padStart(from.length, "0"),
  );
}

function tooMany(pattern: string) {
  return dataFailure(JSON.stringify(pattern), `it matches more than ${maxFiles} files`);
}

/** Files whose names match; `*` represents any characters of a name, in the last part of a path. */
function matching(pattern: string, bases: readonly string[]): string[] {
  const folder = findOne(dirname(pattern), bases);
  const name = new RegExp(`^${starsAsRegExp(basename(pattern))}$`);
  const found = [...Deno.readDirSync(folder)].map((entry) => entry.name)
    .filter((entry) => name.test(entry) && !entry.startsWith(".")).sort();
  if (found.length > 0) return found.map((entry) => join(folder, entry));
  throw dataFailure(JSON.stringify(pattern), `no file in ${folder} matches it`);
}

/** The source of a regular expression in which `*` represents any characters of a name. */
export function starsAsRegExp(pattern: string): string {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return parts.join("[^/]*");
}
