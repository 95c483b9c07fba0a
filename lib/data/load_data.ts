/** Loads files into the three folders of a data set's splits. @module */
import { basename } from "@std/path";
import type { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { chooseSplits, chooseTraining, type TrainingChoice } from "./choose_splits.ts";
import { dataFailure, someOf } from "./data_failure.ts";
import type { DataSpec } from "./data_spec.ts";
import type { DatasetInfo, Row, SplitName } from "./dataset.ts";
import { writeRows } from "./dataset_folder.ts";
import { listData } from "./list_data.ts";
import type { Listing } from "./listing.ts";
import { locateData } from "./locate.ts";
import { isOfClass, type MadeRow, type MadeRows, makeRows } from "./make_rows.ts";
import { type Squares, writeImages } from "./image_files.ts";
import { type PublishedSet, PublisherFolder } from "./published_set.ts";

/** What is loaded, and how much of it. */
export interface DataLoading extends TrainingChoice {
  /** Its paths are absolute. */
  readonly spec: DataSpec;
  /** The published set that the files are of, where they are. */
  readonly set?: PublishedSet;
  /** Parameters of the set. */
  readonly parameters?: unknown;
  /** Folder of a split, which is not there yet. */
  output(split: SplitName): string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  readonly log?: (line: string) => void;
}

/** Rows that are ready to be written. */
export interface PreparedData {
  readonly info: DatasetInfo;
  readonly listing: Listing;
  readonly splits: Readonly<Record<SplitName, readonly MadeRow[]>>;
  readonly notes: readonly string[];
  /** Those of the notes that the user should see at once, such as rows that are left out. */
  readonly warnings?: readonly string[];
  readonly broken: "refuse" | "skip";
  readonly squares?: Squares;
}

/** Lists the files and chooses the rows; no image is read. */
export async function prepareData(loading: Omit<DataLoading, "output">): Promise<PreparedData> {
  const { set } = loading;
  const spec = { ...set?.settings, ...loading.spec };
  const source = sourceName(spec, set);
  const listing = set === undefined
    ? await listData(locateData(spec, ["/"]), spec)
    : await set.list(new PublisherFolder(spec.folder as string, set), loading.parameters);
  const made = makeRows(listing, settled(spec, set), source);
  const { rows, notes, leftOut } = chooseSplits(made.rows, spec, source);
  const warnings = [...(listing.notes ?? []), ...leftOut];
  const train = chooseTraining(rows.train, loading, source);
  return {
    info: infoOf(spec, made, set, source),
    listing,
    splits: { ...rows, train },
    notes: [...warnings, ...notes, ...decodingNotes(spec)],
    warnings,
    broken: spec.broken ?? "refuse",
    ...(spec.decoded === undefined ? {} : { squares: squaresOf(spec.decoded, spec) }),
  };
}

const squaresOf = (side: number, { fit = "resize" }: DataSpec): Squares => ({ side, fit });

function decodingNotes({ decoded, fit = "resize" }: DataSpec): string[] {
  if (decoded === undefined) return [];
  return [`images were decoded to squares of ${decoded} pixels (fit: ${fit}, bicubic)`];
}

/** What the set says, where the user does not. */
function settled(spec: DataSpec, set: PublishedSet | undefined): DataSpec {
  if (set === undefined) return spec;
  const { classes } = set.info;
  const { kind = set.info.kind } = spec;
  const isItsOwn = kind === set.info.kind && spec.classes === undefined && classes !== undefined;
  return { ...spec, kind, ...(isItsOwn ? { classes: [...classes] } : {}) };
}

function sourceName(spec: DataSpec, set: PublishedSet | undefined): string {
  const { folder, csv, jsonl, parquet, webdataset } = spec;
  const places = folder ?? csv ?? jsonl ?? parquet ?? webdataset;
  const isBySplit = typeof places === "object" && !Array.isArray(places);
  const [first] = [isBySplit ? places.train : places].flat();
  return spec.name ?? set?.info.name ?? basename(first ?? "data");
}

function infoOf(
  spec: DataSpec,
  { kind, classes }: MadeRows,
  set: PublishedSet | undefined,
  name: string,
): DatasetInfo {
  const own = spec.caption !== undefined && isOfClass(spec.caption) ? spec.caption : undefined;
  const caption = own ?? set?.info.caption;
  const mirrorKeepsAnswer = spec.mirror ?? set?.info.mirrorKeepsAnswer;
  return {
    name,
    kind,
    ...(classes === undefined ? {} : { classes }),
    ...(caption === undefined ? {} : { caption }),
    ...(mirrorKeepsAnswer === undefined ? {} : { mirrorKeepsAnswer }),
    ...(spec.fit === undefined ? {} : { fit: spec.fit }),
    ...(spec.side === undefined ? {} : { side: spec.side }),
    licence: spec.licence ?? set?.info.licence ?? "not stated",
    source: set?.info.source ?? "your own files",
  };
}

/**
 * Loads data: writes the folders of the three splits. An image that is in the test split as well is
 * left out of the others, and one of validation of the training rows.
 *
 * @throws {DiagnosticError} If a file is missing, damaged or not what it should be.
 */
export async function loadData(loading: DataLoading): Promise<void> {
  const data = await prepareData(loading);
  for (const warning of data.warnings ?? []) loading.log?.(warning);
  const total = Object.values(data.splits).reduce((sum, rows) => sum + rows.length, 0);
  const seen = new Set<string>();
  const broken: BrokenImage[] = [];
  let before = 0;
  for (const split of ["test", "validation", "train"] as const) {
    const rows = data.splits[split];
    await writeSplit(data, split, {
      ...loading,
      seen,
      broken,
      onProgress: (done) => loading.onProgress?.(before + done, total),
    });
    before += rows.length;
  }
  // All are named at once: people mend them all before they try again.
  if (broken.length > 0 && data.broken === "refuse") throw brokenImages(broken);
}

/** An image that cannot be read. */
interface BrokenImage {
  readonly where: string;
  readonly cause: string;
}

interface SplitWriting extends Pick<DataLoading, "output" | "signal" | "log"> {
  readonly seen: Set<string>;
  /** Images that cannot be read are added. */
  readonly broken: BrokenImage[];
  readonly onProgress: (done: number) => void;
}

async function writeSplit(
  { info, listing, splits, notes, squares, ...data }: PreparedData,
  split: SplitName,
  { output, seen, broken, signal, log, onProgress }: SplitWriting,
): Promise<void> {
  const rows = splits[split];
  const folder = output(split);
  await Deno.mkdir(folder, { recursive: true });
  const written = await writeImages(folder, listing.images(rows.map(({ place }) => place)), {
    seen,
    ...(squares === undefined ? {} : { squares }),
    ...(signal === undefined ? {} : { signal }),
    onProgress,
  });
  for (const [place, cause] of written.broken) broken.push({ where: rows[place]!.where, cause });
  if (broken.length > 0 && data.broken === "refuse") return;
  const more = [
    ...(written.broken.size > 0 ? [leftOut(rows, [...written.broken.keys()])] : []),
    ...(written.repeated.length > 0
      ? [`images that are in other splits, left out of ${split}: ${written.repeated.length}`]
      : []),
  ];
  for (const note of more) log?.(note);
  if (written.kept.length === 0) {
    throw dataFailure(`data set "${info.name}"`, `no rows are left for ${split}`, more);
  }
  const kept = written.kept.map((place) => rowOf(rows[place]!, info.name));
  await writeRows(folder, { ...info, ...written.size }, kept, [...notes, ...more]);
}

function leftOut(rows: readonly MadeRow[], places: readonly number[]): string {
  const names = someOf(places.map((place) => rows[place]!.where));
  return `broken images, left out: ${places.length} (${names})`;
}

function rowOf(made: MadeRow, name: string): Row {
  const { place: _place, where: _where, split: _split, cluster, id, ...row } = made;
  return { id: `${name}/${id}`, cluster: cluster ?? id, ...row };
}

/** Number of broken images that a message names. */
const maxNamed = 20;

function brokenImages(broken: readonly BrokenImage[]): DiagnosticError {
  const named = broken.slice(0, maxNamed).map(({ where, cause }) => `${where}: ${cause}`);
  const more = broken.length > maxNamed ? [`and ${broken.length - maxNamed} more`] : [];
  const what = broken.length === 1 ? "an image" : `${broken.length} images`;
  return dataFailure(what, named[0]!, [
    ...named.slice(1),
    ...more,
    ...(broken.some(({ cause }) => /no such file$|outside of the folder/.test(cause))
      ? [
        "Names in a list count from its folder: `dataset: { …, images: FOLDER }` names another one",
      ]
      : []),
    "`dataset: { …, broken: skip }` leaves broken images out; `tvp data inspect` lists them all",
  ]);
}
