/** CIFAR-10-C (Hendrycks and Dietterich 2019): CIFAR-10's test images, corrupted. @module */
import { z } from "zod";
import { cifarClasses, cifarListing, cifarNames } from "../lib/data/formats/cifar_folder.ts";
import { npyListing } from "../lib/data/formats/npy_images.ts";
import { joinListings } from "../lib/data/listing.ts";
import { publishedSet } from "../lib/data/published_set.ts";

const parameters = z.strictObject({
  corruption: z.string().regex(/^[a-z_]+$/, "the name of a file without .npy").default("fog")
    .describe("the file: fog, gaussian_noise, …"),
  severity: z.int().min(1).max(5).default(3).describe("from 1, weak, to 5"),
});

export default publishedSet({
  info: {
    name: "cifar10-c",
    kind: "classification",
    classes: cifarClasses,
    caption: "this is a photo of a {class}",
    licence: "CC-BY-4.0",
    source: "https://zenodo.org/records/2535967",
  },
  layout: [
    "fog.npy and so on, uint8 [50000, 32, 32, 3], and labels.npy, also in CIFAR-10-C/",
    "to train on: CIFAR-10's own files in cifar-10-batches-bin/ or cifar-10-batches-py/",
  ],
  parameters,
  list(folder, given) {
    const { corruption, severity } = parameters.parse(given ?? {});
    const prefix = folder.prefixOf(["CIFAR-10-C"], "labels.npy");
    const test = npyListing(
      folder.file(`${prefix}${corruption}.npy`),
      folder.file(`${prefix}labels.npy`),
      { classes: cifarClasses, part: severity - 1, parts: 5 },
    );
    const clean = cifarListing(folder, cifarNames);
    const train = clean.rows.flatMap(({ split }, i) => split === "train" ? [i] : []);
    return joinListings([
      { split: "train", listing: { ...clean, rows: train.map((i) => clean.rows[i]!) } },
      { split: "test", listing: test },
    ]);
  },
});
