/** Easy-VQA (Zhou 2019): shapes of one colour, and questions about them. @module */
import { dataFailure } from "../lib/data/data_failure.ts";
import { namedListing } from "../lib/data/formats/file_images.ts";
import { jsonValue } from "../lib/data/formats/table_format.ts";
import type { ListedRow } from "../lib/data/listing.ts";
import { joinListings } from "../lib/data/listing.ts";
import { publishedSet, type PublisherFolder } from "../lib/data/published_set.ts";

export default publishedSet({
  info: {
    name: "easy-vqa",
    kind: "generation",
    licence: "MIT",
    source: "https://github.com/vzhou842/easy-VQA",
  },
  layout: [
    "train/questions.json and test/questions.json: [[question, answer, image], …], also in data/",
    "train/images/0.png and test/images/0.png, and so on",
  ],
  list(folder) {
    const prefix = folder.prefixOf(["data", "easy_vqa/data"], "train/questions.json");
    const read = (split: string) => {
      const rows = questionsOf(folder, `${prefix}${split}/questions.json`, split);
      return {
        split,
        listing: namedListing(rows, folder.rootOf(`${prefix}${split}/images`), "image"),
      };
    };
    return joinListings([read("train"), read("test")]);
  },
});

/** Questions about one image are of one cluster. */
function questionsOf(folder: PublisherFolder, name: string, split: string): ListedRow[] {
  const list = jsonValue(folder.file(name));
  if (!Array.isArray(list)) throw dataFailure(name, "it is not a list of questions");
  return list.map((item, i) => {
    const where = `${name} question ${i + 1}`;
    const [question, answer, image] = Array.isArray(item) ? item : [];
    if (typeof question !== "string" || typeof answer !== "string" || !Number.isInteger(image)) {
      throw dataFailure(where, "it is no [question, answer, number of an image]");
    }
    const fields = { image: `${image}.png`, question, answer };
    return { where, fields: { ...fields, id: `${split}/${i}`, cluster: `${split}/${image}` } };
  });
}
