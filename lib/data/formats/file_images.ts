/** Images that are files of their own. @module */
import { DiagnosticError } from "../../diagnostic/diagnostic.ts";
import { causeOf, quoted } from "../data_failure.ts";
import type { DataRoot } from "../data_root.ts";
import { readImageFile } from "../data_root.ts";
import type { EncodedImage, ListedRow, Listing, MissingImage } from "../listing.ts";

/** How many files are read before they are asked for. */
const readAhead = 8;

/** A file that a row names, or why it names none. */
export type NamedImage = { readonly name: string; readonly where: string } | MissingImage;

/** Reads the images of rows from their files, some ahead; of those that cannot be read, why. */
export async function* fileImages(
  root: DataRoot,
  imageOf: (row: number) => NamedImage,
  rows: readonly number[],
): AsyncGenerator<EncodedImage | MissingImage> {
  const pending: Promise<EncodedImage | MissingImage>[] = [];
  let next = 0;
  for (let done = 0; done < rows.length; done++) {
    while (next < rows.length && pending.length < readAhead) {
      const read = readNamed(root, imageOf(rows[next++]!));
      read.catch(() => {}); // told when its turn comes
      pending.push(read);
    }
    yield await pending.shift()!;
  }
}

/** Reads the file of an image, or says why it cannot be read. */
export async function readNamed(
  root: DataRoot,
  image: NamedImage,
): Promise<EncodedImage | MissingImage> {
  if ("missing" in image) return image;
  const { name, where } = image;
  const what = `${quoted(name)} (${where})`;
  try {
    const encoded = await readImageFile(root.file(name, where), what);
    return name === where ? { encoded } : { encoded, name };
  } catch (error) {
    const cause = causeOf(error, what);
    return { missing: name === where ? cause : `${quoted(name)}: ${cause}` };
  }
}

/** The name of a file: a text, `{ path }` as Hugging Face's images have it, or a list of one. */
function nameIn(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.length === 1 ? nameIn(value[0]) : undefined;
  if (typeof value === "string") return value.trim() === "" ? undefined : value;
  const { path } = (value ?? {}) as { readonly path?: unknown };
  return typeof path === "string" ? nameIn(path) : undefined;
}

/** A listing whose column `column` names the files of its images. */
export function namedListing(rows: readonly ListedRow[], root: DataRoot, column: string): Listing {
  const imageOf = (row: number): NamedImage => {
    const { where, fields } = rows[row]!;
    const name = nameIn(fields[column]);
    return name === undefined ? { missing: `column "${column}" names no image` } : { name, where };
  };
  return {
    rows,
    files: () => rows.map((_, row) => imageOf(row)).flatMap((image) => readable(root, image)),
    images: (wanted) => fileImages(root, imageOf, wanted),
  };
}

/** The file of an image; of one that cannot be read none, as its row says what is wrong. */
export function readable(root: DataRoot, image: NamedImage): string[] {
  if ("missing" in image) return [];
  try {
    return [root.file(image.name, image.where)];
  } catch (error) {
    if (error instanceof DiagnosticError) return [];
    throw error;
  }
}
