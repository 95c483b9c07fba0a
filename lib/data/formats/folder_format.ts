/** A folder of images: a subfolder a class, in subfolders of splits or not; or a list beside them. @module */
import { dirname, join } from "@std/path";
import { dataFailure, someOf } from "../data_failure.ts";
import { DataRoot } from "../data_root.ts";
import { namedListing } from "./file_images.ts";
import { joinListings, type ListedRow, type Listing } from "../listing.ts";
import { otherFormats } from "../other_formats.ts";
import { isHiddenName, isImageName, nearSplit, splitOfName } from "../image_names.ts";
import { readTable, tableNames } from "./table_format.ts";

/** How deep the folders of a class may lie in each other. */
const deepest = 16;

const layouts = [
  "a folder for each class: cat/1.jpg, cat/2.jpg, dog/1.jpg",
  "or these in train/, val/ and test/",
  "or images beside labels.csv, with a line `image,label` and one line an image",
];

/**
 * Lists a folder of images; their names are the rows' ids.
 *
 * @throws {DiagnosticError} If it holds no image in a known layout, or leads out of itself.
 */
export async function listFolder(path: string): Promise<Listing> {
  const root = new DataRoot(path);
  const names = namesIn(root, "", 0);
  const list = listAmong(names);
  if (list !== undefined) return await readLabels(path, list);
  const splits = names.folders.filter((name) => splitOfName(name) !== undefined);
  if (splits.length >= 2 || splits.length === 1 && names.folders.length === 1) {
    const listing = joinListings(
      await Promise.all(splits.map(async (name) => ({
        split: splitOfName(name)!,
        listing: await listSplit(root, name),
      }))),
    );
    return { ...listing, notes: [...besideNotes(root, names, splits), ...listing.notes ?? []] };
  }
  return listClasses(root, names, "");
}

/** What lies beside the folders of splits is not read. @throws {DiagnosticError} If it is a split, misspelt. */
function besideNotes(root: DataRoot, { files, folders }: Names, splits: readonly string[]) {
  const others = folders
    .filter((name) => !splits.includes(name) && imagesBelow(root, name, 1).length > 0);
  for (const name of others) {
    const meant = nearSplit(name);
    if (meant === undefined) continue;
    throw dataFailure(JSON.stringify(join(root.path, name)), "it is not the folder of a split", [
      `did you mean "${meant}"? Its images would be left out`,
      `beside it are ${splits.join(", ")}`,
    ]);
  }
  const loose = files.filter(isImageName);
  return [
    ...(others.length === 0 ? [] : [`folders of no split, left out: ${someOf(others)}`]),
    ...(loose.length === 0
      ? []
      : [`images of no split, left out: ${loose.length} (${someOf(loose, 3)})`]),
  ];
}

async function listSplit(root: DataRoot, folder: string): Promise<Listing> {
  const names = namesIn(root, folder, 1);
  const list = listAmong(names);
  if (list === undefined) return listClasses(root, names, folder);
  return await readLabels(join(root.path, folder), list);
}

/** The list that lies in a folder of images. */
function listAmong({ files }: Names): string | undefined {
  const there = new Map(files.map((name) => [name.toLowerCase(), name]));
  return tableNames.map((name) => there.get(name)).find((name) => name !== undefined);
}

async function readLabels(folder: string, list: string): Promise<Listing> {
  const path = join(folder, list);
  if (!/\.parquet$/i.test(list)) return await readTable(path, new DataRoot(folder));
  return await (await import("./parquet_format.ts")).listParquet(path);
}

interface Names {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** What is in a folder, by name; what is neither file nor folder is refused where it is an image. */
function namesIn(root: DataRoot, folder: string, depth: number): Names {
  if (depth > deepest) {
    throw dataFailure(JSON.stringify(folder), `its folders lie more than ${deepest} deep`);
  }
  const files: string[] = [];
  const folders: string[] = [];
  for (const entry of Deno.readDirSync(join(root.path, folder))) {
    const { name } = entry;
    if (isHiddenName(name)) continue;
    if (entry.isFile) files.push(name);
    else if (entry.isDirectory) folders.push(name);
    else if (entry.isSymlink || isImageName(name)) {
      const { info } = root.find(pathIn(folder, name), "in the folder of images");
      (info.isFile ? files : folders).push(name);
    }
  }
  return { files: files.sort(), folders: folders.sort() };
}

const pathIn = (folder: string, name: string) => folder === "" ? name : `${folder}/${name}`;

function listClasses(root: DataRoot, { files, folders }: Names, folder: string): Listing {
  const found = folders.map((name) => ({
    name,
    images: imagesBelow(root, pathIn(folder, name), 1),
  }));
  const full = found.filter(({ images }) => images.length > 0);
  const where = JSON.stringify(folder === "" ? root.path : join(root.path, folder));
  const loose = files.filter(isImageName);
  if (full.length === 0) {
    const cause = loose.length > 0
      ? `it has ${imageCount(loose)} without class or answer`
      : "there is no image in it";
    throw dataFailure(where, cause, [
      ...otherFormats(join(root.path, folder)),
      "A folder of images has one of these forms:",
      ...layouts,
    ]);
  }
  if (loose.length > 0) {
    throw dataFailure(
      where,
      `it has folders of classes and ${imageCount(loose)} outside of them: ${someOf(loose, 3)}`,
      ["A folder of images has one of these forms:", ...layouts],
    );
  }
  const rows: ListedRow[] = full.flatMap(({ name, images }) =>
    images.map((image) => ({ where: image, fields: { image, label: classOf(name) } }))
  );
  const empty = found.filter(({ images }) => images.length === 0).map(({ name }) => name);
  return {
    ...namedListing(rows, root, "image"),
    notes: [
      ...(empty.length === 0 ? [] : [`folders without images: ${someOf(empty)}`]),
      ...oneClassNotes(full),
    ],
  };
}

const imageCount = ({ length }: readonly string[]) =>
  length === 1 ? "an image" : `${length} images`;

/** A folder too high up makes one class of several. */
function oneClassNotes(
  classes: readonly { readonly name: string; readonly images: readonly string[] }[],
): string[] {
  const [only, ...others] = classes;
  if (only === undefined || others.length > 0) return [];
  const inside = [...new Set(only.images.map(dirname))];
  const told = `all images are of one class, ${JSON.stringify(only.name)}`;
  if (inside.length < 2) return [told];
  return [`${told}; if the classes are ${someOf(inside, 3)}, name the folder around these`];
}

/** The word that models are asked for: `golden_retriever` is a golden retriever. */
const classOf = (folder: string) =>
  // Some systems write letters such as é as two signs: they are one class with those that do not.
  folder.normalize("NFC").replaceAll("_", " ").trim() || folder;

function imagesBelow(root: DataRoot, folder: string, depth: number): string[] {
  const { files, folders } = namesIn(root, folder, depth);
  return [
    ...files.filter(isImageName).map((name) => pathIn(folder, name)),
    ...folders.flatMap((name) => imagesBelow(root, pathIn(folder, name), depth + 1)),
  ];
}
