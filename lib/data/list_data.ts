/** Lists the rows of located files, by format. @module */
import { dirname } from "@std/path";
import { DataRoot } from "./data_root.ts";
import type { DataSpec, FormatKey } from "./data_spec.ts";
import { joinListings, type Listing } from "./listing.ts";
import { type DataFile, filesOf, type LocatedData } from "./locate.ts";

/** What a format is read with. */
interface FileReading {
  readonly spec: DataSpec;
  /** Folder of the images that a list names, where it is given. */
  readonly images?: string;
}

/** How a file, or a folder, of a format is listed; code is loaded when it is needed. */
const formats = {
  folder: async (path) => (await import("./formats/folder_format.ts")).listFolder(path),
  csv: listTable,
  jsonl: listTable,
  parquet: async (path, { spec }) =>
    (await import("./formats/parquet_format.ts")).listParquet(path, spec.columns?.image),
  webdataset: async (path) => (await import("./formats/webdataset_format.ts")).listArchives([path]),
} satisfies Record<FormatKey, (path: string, reading: FileReading) => Promise<Listing>>;

async function listTable(path: string, { spec, images }: FileReading): Promise<Listing> {
  const { readTable } = await import("./formats/table_format.ts");
  return await readTable(path, new DataRoot(images ?? dirname(path)), spec.columns?.image);
}

/** A listing whose rows also have the columns that the path of their file says. */
function withColumns(listing: Listing, columns: DataFile["columns"]): Listing {
  if (columns === undefined) return listing;
  const rows = listing.rows.map((row) => ({ ...row, fields: { ...columns, ...row.fields } }));
  return { ...listing, rows };
}

/** Lists all files, each with the split that it is given for, or that its name says. */
export async function listData(located: LocatedData, spec: DataSpec): Promise<Listing> {
  const { format, parts, images } = located;
  const reading = { spec, ...(images === undefined ? {} : { images }) };
  const listed = [];
  for (const { split, path, columns } of parts.flatMap(filesOf)) {
    const listing = withColumns(await formats[format](path, reading), columns);
    listed.push({ ...(split === undefined ? {} : { split }), listing });
  }
  return joinListings(listed);
}
