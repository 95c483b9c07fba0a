/** Oxford-IIIT Pets (Parkhi et al. 2012): 37 breeds. @module */
import { basename } from "@std/path";
import { namedListing } from "../lib/data/formats/file_images.ts";
import { dataFailure } from "../lib/data/data_failure.ts";
import { readList } from "../lib/data/data_root.ts";
import { publishedSet, type PublisherFolder } from "../lib/data/published_set.ts";

export default publishedSet({
  info: {
    name: "oxford-pets",
    kind: "classification",
    caption: "this is a photo of a {class}",
    licence: "CC-BY-SA-4.0",
    source: "https://www.robots.ox.ac.uk/~vgg/data/pets/",
  },
  layout: [
    "images/Abyssinian_1.jpg and so on",
    "annotations/trainval.txt and annotations/test.txt, also in oxford-iiit-pet/",
  ],
  list(folder) {
    const prefix = folder.prefixOf(["oxford-iiit-pet"], "annotations/trainval.txt");
    const rows = [
      ...listOf(folder, `${prefix}annotations/trainval.txt`, "train"),
      ...listOf(folder, `${prefix}annotations/test.txt`, "test"),
    ];
    return namedListing(rows, folder.rootOf(`${prefix}images`), "image");
  },
});

/** Lines `Abyssinian_100 1 1 1`: the image, its breed, cat or dog, the breed among these. */
function listOf(folder: PublisherFolder, name: string, split: string) {
  const lines = readList(folder.file(name)).split("\n");
  return lines.flatMap((line, i) => {
    if (line.trim() === "" || line.startsWith("#")) return [];
    const where = `${basename(name)} line ${i + 1}`;
    const [, image, breed] = /^((\w+)_\d+) \d+ \d+ \d+\s*$/.exec(line) ?? [];
    if (image === undefined || breed === undefined) {
      throw dataFailure(where, "it does not have the form `NAME_1 CLASS SPECIES BREED`");
    }
    const label = breed.toLowerCase().replaceAll("_", " ");
    return [{ where, split, fields: { image: `${image}.jpg`, label } }];
  });
}
