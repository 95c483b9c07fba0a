/** Reads a folder with CIFAR's files, of whichever version is there. @module */
import { joinListings, type Listing } from "../listing.ts";
import type { PublisherFolder } from "../published_set.ts";
import { cifarBinary, type CifarLabels, cifarPickle } from "./cifar_files.ts";

/** What the files are called; those of the binary version end in `.bin`. */
export interface CifarNames {
  readonly folders: readonly string[];
  readonly train: readonly string[];
  readonly test: string;
  readonly labels: CifarLabels;
  /** Published digests of the Python version: files that are called so and have another are reported in the notes. */
  readonly md5?: Readonly<Record<string, string>>;
}

/** Lists all files. @throws {DiagnosticError} If one is missing or damaged. */
export function cifarListing(folder: PublisherFolder, names: CifarNames): Listing {
  const isBinary = names.folders.concat("").some((inside) =>
    folder.has(`${inside === "" ? "" : `${inside}/`}${names.test}.bin`)
  );
  const ending = isBinary ? ".bin" : "";
  const prefix = folder.prefixOf(names.folders, `${names.test}${ending}`);
  const read = (name: string, split: string) => {
    const path = folder.file(`${prefix}${name}${ending}`);
    const listing = isBinary ? cifarBinary(path, names.labels) : cifarPickle(path, names.labels);
    return { split, listing };
  };
  const listing = joinListings([
    ...names.train.map((name) => read(name, "train")),
    read(names.test, "test"),
  ]);
  const other = isBinary ? [] : Object.entries(names.md5 ?? {})
    .filter(([name, md5]) => !folder.isPublished(`${prefix}${name}`, md5))
    .map(([name]) => name);
  return other.length === 0
    ? listing
    : { ...listing, notes: [`not the published files: ${other.join(", ")}`] };
}

/** CIFAR-10's classes in the order of their numbers. */
export const cifarClasses: readonly string[] = [
  ...["airplane", "automobile", "bird", "cat", "deer"],
  ...["dog", "frog", "horse", "ship", "truck"],
];

/** CIFAR-10's files. */
export const cifarNames: CifarNames = {
  folders: ["cifar-10-batches-bin", "cifar-10-batches-py"],
  train: [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}`),
  test: "test_batch",
  labels: { bytes: 1, byte: 0, key: "labels", classes: cifarClasses },
  md5: {
    data_batch_1: "c99cafc152244af753f735de768cd75f",
    data_batch_2: "d4bba439e000b95fd0a9bffe97cbabec",
    data_batch_3: "54ebc095f3ab1f0389bbae665268c751",
    data_batch_4: "634d18415352ddfa80567beed471001a",
    data_batch_5: "482c414d41f54cd18b22e5b47cb7c3cb",
    test_batch: "40351d587109b95175f43aff81a1287e",
  },
};
