/** POPE (Li et al. 2023, arXiv 2305.10355): whether an object is in an image of COCO. @module */
import { z } from "zod";
import { namedListing } from "../lib/data/formats/file_images.ts";
import { jsonRows } from "../lib/data/formats/table_format.ts";
import { joinListings } from "../lib/data/listing.ts";
import { publishedSet, type PublisherFolder } from "../lib/data/published_set.ts";

const parameters = z.strictObject({
  objects: z.enum(["random", "popular", "adversarial"]).default("adversarial")
    .describe("how the absent objects were chosen"),
  half: z.boolean().default(false)
    .describe("the first half of the test questions, as arXiv 2404.11207's code takes it"),
});

export default publishedSet({
  info: {
    name: "pope",
    kind: "yes-no",
    licence: "MIT (questions); COCO's terms for the images",
    source: "https://github.com/AoiDragon/POPE and https://cocodataset.org/#download",
  },
  layout: [
    "coco_pope_random.json, coco_pope_popular.json, coco_pope_adversarial.json (or coco_val_pope_*.json), also in output/coco/ or coco/",
    "val2014/COCO_val2014_000000310196.jpg and so on",
    "to train on: coco_train_pope_adversarial.json and so on, with train2014/; without, a part of the questions",
  ],
  settings: { columns: { image: "image", instruction: "text", answer: "label" } },
  parameters,
  list(folder, given) {
    const { objects, half } = parameters.parse(given ?? {});
    const test = listingOf(folder, ["coco_val_pope", "coco_pope"], objects, "val2014");
    const rows = half ? test.rows.slice(0, Math.floor(test.rows.length / 2)) : test.rows;
    const ofTest = { ...test, rows };
    if (placeOf(folder, `coco_train_pope_${objects}.json`) === undefined) return ofTest;
    return joinListings([
      { split: "train", listing: listingOf(folder, ["coco_train_pope"], objects, "train2014") },
      { split: "test", listing: ofTest },
    ]);
  },
});

const places = ["", "output/coco/", "coco/", "train/", "val/"];

const placeOf = (folder: PublisherFolder, name: string) =>
  places.map((place) => `${place}${name}`).find((path) => folder.has(path));

/** Questions about one image are of one cluster. */
function listingOf(
  folder: PublisherFolder,
  names: readonly string[],
  objects: string,
  images: string,
) {
  const found = names.map((name) => placeOf(folder, `${name}_${objects}.json`))
    .find((path) => path !== undefined);
  const rows = jsonRows(folder.file(found ?? `${names.at(-1)}_${objects}.json`)).map((row, i) => {
    const { image, question_id: id = i + 1 } = row.fields;
    return {
      ...row,
      fields: { ...row.fields, id: `${images}/${objects}/${id}`, cluster: image },
    };
  });
  const prefix = folder.has(`coco2014/${images}`) ? "coco2014/" : "";
  if (!folder.has(`${prefix}${images}`)) throw folder.missing(`${images}/`);
  return namedListing(rows, folder.rootOf(`${prefix}${images}`), "image");
}
