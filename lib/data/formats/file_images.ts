/** Images that are files of their own. @module */
import type { DataRoot } from "../data_root.ts";
import { readImageFile } from "../data_root.ts";
import { dataFailure, quoted } from "../data_failure.ts";
import type { EncodedImage, ListedRow, Listing } from "../listing.ts";

/** How many files are read before they are asked for. */
const readAhead = 8;

/** A file that a row names. */
export interface NamedImage {
  readonly name: string;
  /** Where it is named. */
  readonly where: string;
}

/** Reads the images of rows from their files, some ahead. */
export async function* fileImages(
  root: DataRoot,
  imageOf: (row: number) => NamedImage,
  rows: readonly number[],
): AsyncGenerator<EncodedImage> {
  const read = (row: number) => {
    const { name, where } = imageOf(row);
    const path = root.file(name, where);
    const pending = readImageFile(path, `${quoted(name)} (${where})`);
    pending.catch(() => {}); // told when its turn comes
    return pending;
  };
  const pending: Promise<Uint8Array>[] = [];
  let next = 0;
  for (let done = 0; done < rows.length; done++) {
    while (next < rows.length && pending.length < readAhead) pending.push(read(rows[next++]!));
    yield { encoded: await pending.shift()! };
  }
}

/** The name of a file: a text, `{ path }` as Hugging Face's images have it, or a list of one. */
function nameIn(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.length === 1 ? nameIn(value[0]) : undefined;
  if (typeof value === "string") return value.trim() === "" ? undefined : value;
  const { path } = (value ?? {}) as { readonly path?: unknown };
  return typeof path === "string" ? nameIn(path) : undefined;
}

/**
 * A listing whose column `column` names the files of its images.
 *
 * @throws {DiagnosticError} If a column names no image.
 */
export function namedListing(rows: readonly ListedRow[], root: DataRoot, column: string): Listing {
  const imageOf = (row: number): NamedImage => {
    const { where, fields } = rows[row]!;
    const name = nameIn(fields[column]);
    if (name !== undefined) return { name, where };
    throw dataFailure(where, `column "${column}" names no image`);
  };
  return {
    rows,
    files: () =>
      rows.map((_, row) => {
        const { name, where } = imageOf(row);
        return root.file(name, where);
      }),
    images: (wanted) => fileImages(root, imageOf, wanted),
  };
}
