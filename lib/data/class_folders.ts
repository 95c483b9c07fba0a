/**
 * Published sets with a folder for each class, whose folder names differ from the class names.
 *
 * @module
 */
import { listFolder } from "./formats/folder_format.ts";
import type { Listing } from "./listing.ts";
import type { PublisherFolder } from "./published_set.ts";

/** Where the folders of the classes are, and what people call them. */
export interface ClassFolders {
  /** Folders inside the publisher's that may hold them. */
  readonly inside: readonly string[];
  /** A file or folder that is there where they are. */
  readonly mark: string;
  /** The class by the name of its folder. */
  readonly names: Readonly<Record<string, string>>;
  /** All of them, in the words of a message: `the ten`. */
  readonly all: string;
}

/**
 * Lists the images of each class, under the class's name for people.
 *
 * @throws {DiagnosticError} If there is no such folder, or one of a class that is not known.
 */
export async function listClassFolders(
  folder: PublisherFolder,
  { inside, mark, names, all }: ClassFolders,
): Promise<Listing> {
  const listing = await listFolder(folder.rootOf(folder.prefixOf(inside, mark)).path);
  const rows = listing.rows.map((row) => {
    const name = String(row.fields.label);
    if (!Object.hasOwn(names, name)) throw folder.missing(`class ${name} among ${all}`);
    return { ...row, fields: { ...row.fields, label: names[name] } };
  });
  return { ...listing, rows };
}
