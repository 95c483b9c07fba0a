/** Counting on CLEVR (Johnson et al. 2017), as arXiv 2404.11207 asks: how many objects there are. @module */
import { dataFailure } from "../lib/data/data_failure.ts";
import { readList } from "../lib/data/data_root.ts";
import { namedListing } from "../lib/data/formats/file_images.ts";
import type { ListedRow } from "../lib/data/listing.ts";
import { joinListings } from "../lib/data/listing.ts";
import { publishedSet, type PublisherFolder } from "../lib/data/published_set.ts";

export default publishedSet({
  info: {
    name: "clevr-counting",
    kind: "generation",
    licence: "CC-BY-4.0",
    source: "https://cs.stanford.edu/people/jcjohns/clevr/",
  },
  layout: [
    "scenes/CLEVR_train_scenes.json and scenes/CLEVR_val_scenes.json, also in CLEVR_v1.0/ or clevr/CLEVR_v1.0/",
    "images/train/CLEVR_train_000000.png and images/val/CLEVR_val_000000.png, and so on",
  ],
  settings: {
    instruction: "How many objects are there in this image? Answer with a single number.",
  },
  list(folder) {
    const prefix = folder.prefixOf(
      ["CLEVR_v1.0", "clevr/CLEVR_v1.0"],
      "scenes/CLEVR_val_scenes.json",
    );
    const read = (part: string) => {
      const rows = scenesOf(folder, `${prefix}scenes/CLEVR_${part}_scenes.json`);
      return namedListing(rows, folder.rootOf(`${prefix}images/${part}`), "image");
    };
    return joinListings([
      { split: "train", listing: read("train") },
      { split: "test", listing: read("val") },
    ]);
  },
});

function scenesOf(folder: PublisherFolder, name: string): ListedRow[] {
  const path = folder.file(name);
  const { scenes } = parsed(readList(path), name) as { scenes?: unknown };
  if (!Array.isArray(scenes)) throw dataFailure(name, 'it has no list "scenes"');
  return scenes.map((scene, i) => {
    const where = `${name} scene ${i + 1}`;
    const { image_filename: image, objects } = (scene ?? {}) as Record<string, unknown>;
    if (typeof image === "string" && Array.isArray(objects)) {
      return { where, fields: { image, answer: String(objects.length) } };
    }
    throw dataFailure(where, "it has no image_filename, or no objects");
  });
}

function parsed(text: string, name: string): object {
  try {
    return Object(JSON.parse(text));
  } catch (error) {
    throw dataFailure(name, `it is not JSON: ${(error as Error).message}`);
  }
}
