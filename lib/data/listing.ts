/**
 * Defines a listing, which a format makes of files: their rows, and a way to their images.
 *
 * @module
 */
import { quoted } from "./data_failure.ts";

/** An image as its source keeps it. */
export type StoredImage = EncodedImage | PlaneImage | MissingImage;

/** A row without an image: why there is none. */
export interface MissingImage {
  readonly missing: string;
}

/** A file of pixels: JPEG, PNG and so on. */
export interface EncodedImage {
  readonly encoded: Uint8Array;
  /** Name of the file, where the place of the row does not say it. */
  readonly name?: string;
}

/** Pixels: u8 [3, height, width], RGB. */
export interface PlaneImage {
  readonly planes: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** Why an image cannot be decoded, with the name of its file. @throws Any other error. */
export function undecodable(stored: StoredImage, error: unknown): string {
  if (!(error instanceof SyntaxError)) throw error;
  const cause = error.message.replace(/^Cannot decode image: /, "");
  const { name } = stored as Partial<EncodedImage>;
  return name === undefined ? cause : `${quoted(name)}: ${cause}`;
}

/** A row as a file has it. */
export interface ListedRow {
  /** Where it is, for messages: `rows.csv line 3`, `cat/1.jpg`. */
  readonly where: string;
  /** Name of its split, if the source says it. */
  readonly split?: string;
  /** Values by column. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Rows of a source. */
export interface Listing {
  readonly rows: readonly ListedRow[];
  /** Names of the classes that a column gives as numbers. */
  readonly classesOf?: (column: string) => readonly string[] | undefined;
  /** What a reader of the data card has to know. */
  readonly notes?: readonly string[];
  /** Whether a column holds images, not their names. */
  readonly embedded?: boolean;
  /** Paths of the images that can be read, where a list names files. */
  readonly files?: () => readonly string[];
  /** The images of rows, by their places in rising order; none is kept. */
  images(rows: readonly number[]): AsyncIterable<StoredImage>;
}

/** One listing after the other; the rows of each are of the split that it is given with. */
export function joinListings(
  parts: readonly { readonly split?: string; readonly listing: Listing }[],
): Listing {
  const starts: number[] = [];
  const rows: ListedRow[] = [];
  for (const { split, listing } of parts) {
    starts.push(rows.length);
    for (const row of listing.rows) rows.push(split === undefined ? row : { ...row, split });
  }
  return {
    rows,
    classesOf: (column) =>
      parts.map(({ listing }) => listing.classesOf?.(column)).find((names) => names !== undefined),
    notes: parts.flatMap(({ listing }) => listing.notes ?? []),
    files: () => parts.flatMap(({ listing }) => listing.files?.() ?? []),
    embedded: parts.some(({ listing }) => listing.embedded),
    async *images(wanted) {
      for (const [i, { listing }] of parts.entries()) {
        const [from, to] = [starts[i]!, starts[i]! + listing.rows.length];
        const inside = wanted.filter((row) => row >= from && row < to).map((row) => row - from);
        if (inside.length > 0) yield* listing.images(inside);
      }
    },
  };
}
