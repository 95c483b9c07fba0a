/** Parquet files as Hugging Face writes them: images as bytes in a column, or by name. @module */
import { basename, dirname } from "@std/path";
import { dataFailure } from "../data_failure.ts";
import { columnNames } from "../columns.ts";
import { notA } from "../file_kind.ts";
import { DataRoot, readRange } from "../data_root.ts";
import { type NamedImage, namedListing, readable, readNamed } from "./file_images.ts";
import type { ListedRow, Listing, StoredImage } from "../listing.ts";
import { boundedJson } from "../../trust/bounded_json.ts";

type Parquet = typeof import("hyparquet");
type Metadata = import("hyparquet").FileMetaData;
type SchemaTree = import("hyparquet").SchemaTree;
type Compressors = import("hyparquet").Compressors;

/** Most bytes that a page, and a row group's column, may unpack to. */
const maxPageBytes = 256 * 2 ** 20;
const maxGroupBytes = 2 ** 31;

/** Most rows of a file, and of one of so many bytes: equal values take next to no place. */
const maxRows = 5_000_000;
const rowsOfBytes = (size: number) => 250_000 + 4 * size;

/**
 * Lists a Parquet file: columns without the images, which are read a row group at a time.
 *
 * @param column Column of the images, where it is not called as usual.
 * @throws {DiagnosticError} If the file is damaged, has no images, or would unpack to too much.
 */
export async function listParquet(path: string, column?: string): Promise<Listing> {
  const parquet = await import("hyparquet");
  const reader = await openReader(parquet, path);
  const { image, others, isNamed } = columnsOf(parquet, reader, column);
  const name = basename(path);
  const values = others.length === 0
    ? Array.from({ length: reader.rows }, () => ({}))
    : await reader.read(others, 0, reader.rows);
  const rows: ListedRow[] = values.map((fields, i) => ({
    where: `${name} row ${i + 1}`,
    fields: plainFields(fields),
  }));
  const classes = classNames(reader.metadata);
  const classesOf = (name: string) => classes.get(name);
  const root = new DataRoot(dirname(path));
  if (isNamed) return { ...namedListing(rows, root, image), classesOf };
  const paths = await pathsAlone(reader, image);
  const imageOf = (row: number) => ({ name: paths.get(row)!, where: rows[row]!.where });
  return {
    rows,
    classesOf,
    embedded: true,
    ...(paths.size === 0
      ? {}
      : { files: () => [...paths.keys()].flatMap((row) => readable(root, imageOf(row))) }),
    images: (wanted) => embedded(reader, image, { wanted, paths, root, imageOf }),
  };
}

interface Reader {
  readonly path: string;
  readonly metadata: Metadata;
  readonly rows: number;
  read(columns: string[], from: number, to: number): Promise<Record<string, unknown>[]>;
}

async function openReader(parquet: Parquet, path: string): Promise<Reader> {
  const { compressors } = await import("hyparquet-compressors");
  const byteLength = Deno.statSync(path).size;
  const file = {
    byteLength,
    slice: (start: number, end = byteLength) =>
      readRange(path, start, Math.min(end, byteLength) - start).buffer,
  };
  checkMarks(path, byteLength);
  const metadata = await within(path, () => parquet.parquetMetadataAsync(file));
  const rows = Number(metadata.num_rows);
  checkSizes({ path, size: byteLength }, metadata, rows);
  const options = { file, metadata, compressors: bounded(path, compressors), utf8: false };
  return {
    path,
    metadata,
    rows,
    read: (columns, rowStart, rowEnd) =>
      within(path, () => parquet.parquetReadObjects({ ...options, columns, rowStart, rowEnd })),
  };
}

/** Bytes of the marks at both ends with the length of the metadata. */
const smallestFile = 12;

/** Parquet files begin and end with the same mark: what is cut off has lost the second. */
function checkMarks(path: string, size: number): void {
  const what = JSON.stringify(path);
  const mark = (start: number) => new TextDecoder().decode(readRange(path, start, 4));
  if (size === 0) throw dataFailure(what, "it is empty");
  const [first, last] = size < smallestFile ? ["", ""] : [mark(0), mark(size - 4)];
  if (last === "PARE") {
    throw dataFailure(what, "it is encrypted: write it without encryption");
  }
  if (first !== "PAR1") {
    throw dataFailure(what, notA("a Parquet file", readRange(path, 0, Math.min(size, 4096))));
  }
  if (last !== "PAR1") {
    throw dataFailure(what, "it is a Parquet file without its end: copy or download it again");
  }
}

/** What the library says of a damaged file is of no use to people. */
async function within<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Error) || error.name === "DiagnosticError") throw error;
    const told = /^parquet (.*)$/s.exec(error.message)?.[1];
    const cause = told === undefined ? "" : ` (${told})`;
    throw dataFailure(JSON.stringify(path), `it is not a Parquet file, or damaged${cause}`);
  }
}

function checkSizes(
  { path, size }: { readonly path: string; readonly size: number },
  { row_groups: groups }: Metadata,
  rows: number,
): void {
  const total = groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  const what = JSON.stringify(path);
  if (rows === 0) throw dataFailure(what, "it has no rows");
  if (!Number.isSafeInteger(rows) || total !== rows || rows < 0) {
    throw dataFailure(what, `its header says ${rows} rows, but its row groups have ${total}`);
  }
  const most = Math.min(maxRows, Math.floor(rowsOfBytes(size)));
  if (rows > most) {
    throw dataFailure(what, `it has ${rows} rows in ${size} bytes, at most ${most} can be read`);
  }
  for (const { columns } of groups) {
    for (const { meta_data: facts } of columns) {
      const bytes = Number(facts?.total_uncompressed_size ?? 0);
      if (bytes <= maxGroupBytes) continue;
      throw dataFailure(
        what,
        `one of its row groups unpacks to ${bytes} bytes; write smaller row groups`,
      );
    }
  }
}

/** Decompressors that refuse pages that are too large. */
function bounded(path: string, compressors: Compressors): Compressors {
  return Object.fromEntries(
    Object.entries(compressors).map(([codec, unpack]) => [
      codec,
      (input: Uint8Array, bytes: number) => {
        if (bytes <= maxPageBytes) return unpack!(input, bytes);
        throw dataFailure(JSON.stringify(path), `one of its pages unpacks to ${bytes} bytes`);
      },
    ]),
  );
}

interface Columns {
  readonly image: string;
  readonly others: string[];
  /** Whether the column holds names of files. */
  readonly isNamed: boolean;
}

/** What a column holds: images or names of them, what is not read, or anything else. */
function kindOf({ element, children }: SchemaTree): "bytes" | "images" | "text" | "none" | "other" {
  const { converted_type: type, logical_type: logical } = element;
  if (type === "INTERVAL") return "none"; // the library has no reader for it
  if (type === "UTF8" || logical?.type === "STRING") return "text";
  if (children.some(holdsBytes)) return "images";
  return element.type === "BYTE_ARRAY" && children.length === 0 ? "bytes" : "other";
}

/** Names of columns that may hold texts as bytes: some writers do not say that they are texts. */
const textNames: readonly string[] = Object.entries(columnNames)
  .flatMap(([role, names]) => role === "image" ? [] : [...names]);

function columnsOf(parquet: Parquet, { path, metadata }: Reader, given?: string): Columns {
  const all = parquet.parquetSchema(metadata).children;
  const kinds = new Map(all.map((column) => [column.element.name, kindOf(column)]));
  const names = [...kinds.keys()];
  const holds = (name: string, ...wanted: string[]) => wanted.includes(kinds.get(name) ?? "");
  const image = given ?? columnNames.image.find((name) => holds(name, "bytes", "images", "text")) ??
    names.find((name) => holds(name, "bytes", "images"));
  if (image === undefined || !holds(image, "bytes", "images", "text")) {
    const types = all.map(({ element: { name, type } }) =>
      `${name} (${type ?? "of several parts"})`
    );
    const isThere = given !== undefined && kinds.has(given);
    throw dataFailure(
      JSON.stringify(path),
      given === undefined
        ? "it has no column of images"
        : isThere
        ? `its column "${given}" has neither images nor names of files`
        : `it has no column "${given}"`,
      [`columns: ${types.join(", ")}`, "name it: columns: { image: NAME }"],
    );
  }
  const others = names.filter((name) =>
    holds(name, "text", "other") ||
    name !== image && holds(name, "bytes") && textNames.includes(name)
  );
  return { image, others, isNamed: holds(image, "text") };
}

/** Whether a part of a column is `bytes`, as in `{ bytes, path }` and in lists of these. */
function holdsBytes({ element: { name }, children }: SchemaTree): boolean {
  return name === "bytes" || children.some(holdsBytes);
}

function plainFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, plain(value)]),
  );
}

const decoder = new TextDecoder();

/** Numbers of 64 bits and bytes of texts, as other formats have them. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") {
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  }
  if (value instanceof Uint8Array) return decoder.decode(value);
  if (Array.isArray(value)) return value.map(plain);
  const isMap = typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
  return isMap ? plainFields(value as Record<string, unknown>) : value;
}

/** Names of the classes of columns, which Hugging Face keeps beside the schema. */
function classNames(
  { key_value_metadata: pairs = [] }: Metadata,
): ReadonlyMap<string, readonly string[]> {
  const text = pairs.find(({ key }) => key === "huggingface")?.value;
  if (text === undefined) return new Map();
  try {
    const { info } = boundedJson(text) as {
      info?: { features?: Record<string, { _type?: string; names?: unknown }> };
    };
    return new Map(
      Object.entries(info?.features ?? {}).flatMap(([column, { _type, names }]) =>
        _type === "ClassLabel" && isTexts(names) ? [[column, names]] : []
      ),
    );
  } catch {
    return new Map(); // what is not JSON says nothing
  }
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

/** Rows of `{ bytes, path }` without bytes: their paths. Row groups whose statistics exclude these are not read. */
async function pathsAlone(reader: Reader, column: string): Promise<ReadonlyMap<number, string>> {
  const paths = new Map<number, string>();
  const { row_groups: groups } = reader.metadata;
  let from = 0;
  for (const { num_rows: rows, columns } of groups) {
    const to = from + Number(rows);
    const parts = columns.map(({ meta_data: facts }) => facts)
      .filter((facts) => facts?.path_in_schema[0] === column);
    const hasPaths = parts.some((facts) => facts!.path_in_schema.at(-1) === "path");
    const bytes = parts.find((facts) => facts!.path_in_schema.at(-1) === "bytes");
    if (hasPaths && bytes?.statistics?.null_count !== 0n && to > from) {
      (await reader.read([column], from, to)).forEach((row, i) => {
        const { path } = (row[column] ?? {}) as { readonly path?: unknown };
        const isAlone = !("encoded" in imageIn(row[column]));
        if (isAlone && typeof path === "string" && path !== "") paths.set(from + i, path);
      });
    }
    from = to;
  }
  return paths;
}

async function* embedded(
  reader: Reader,
  column: string,
  { wanted, paths, root, imageOf }: {
    readonly wanted: readonly number[];
    readonly paths: ReadonlyMap<number, string>;
    readonly root: DataRoot;
    readonly imageOf: (row: number) => NamedImage;
  },
): AsyncGenerator<StoredImage> {
  let next = 0;
  for (const [from, to] of spansOf(reader.metadata)) {
    if (next >= wanted.length) return;
    if (wanted[next]! >= to) continue;
    const read = await reader.read([column], from, to);
    for (; next < wanted.length && wanted[next]! < to; next++) {
      const row = wanted[next]!;
      yield paths.has(row)
        ? await imageAt(root, imageOf(row))
        : imageIn(read[row - from]?.[column]);
    }
  }
}

/** Ranges of rows to be read at once: parts of row groups would be unpacked more than once. */
function spansOf({ row_groups: groups }: Metadata): [from: number, to: number][] {
  const spans: [number, number][] = [];
  let from = 0;
  for (const { num_rows: rows } of groups) {
    spans.push([from, from + Number(rows)]);
    from += Number(rows);
  }
  return spans.filter(([a, b]) => b > a);
}

/** An image: its bytes as they are, in `{ bytes, path }`, or in a list of one. */
function imageIn(value: unknown): StoredImage {
  if (value instanceof Uint8Array) return { encoded: value };
  if (Array.isArray(value)) {
    if (value.length === 1) return imageIn(value[0]);
    return { missing: `it has ${value.length} images, a row is of one` };
  }
  const { bytes } = (value ?? {}) as { readonly bytes?: unknown };
  if (bytes instanceof Uint8Array) return { encoded: bytes };
  return { missing: "it has no image: the bytes are not in the file" };
}

/** The image of a row that has a path in place of bytes: it lies beside the Parquet file. */
async function imageAt(root: DataRoot, image: NamedImage): Promise<StoredImage> {
  const read = await readNamed(root, image);
  return "missing" in read ? { missing: `it has no image, only the path ${read.missing}` } : read;
}
