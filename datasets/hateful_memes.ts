/** Hateful Memes (Kiela et al. 2020, arXiv 2005.04790). @module */
import { dataFailure } from "../lib/data/data_failure.ts";
import { namedListing } from "../lib/data/formats/file_images.ts";
import { jsonRows } from "../lib/data/formats/table_format.ts";
import { publishedSet, type PublisherFolder } from "../lib/data/published_set.ts";

export default publishedSet({
  info: {
    name: "hateful-memes",
    kind: "yes-no",
    mirrorKeepsAnswer: false,
    licence: "Facebook's Hateful Memes licence",
    source: "https://hatefulmemeschallenge.com/",
  },
  layout: [
    "img/01235.png and so on",
    "train.jsonl, dev_seen.jsonl (or dev.jsonl), and test_seen.jsonl if you have its labels",
  ],
  // As arXiv 2404.11207's code asks; its metric is accuracy, the challenge's the area under the ROC curve.
  settings: {
    instruction: 'This is an image with: "{text}" written on it. Is it hateful?',
    columns: { image: "img" },
  },
  list(folder) {
    const test = ["test_seen.jsonl", "dev_seen.jsonl", "dev.jsonl"].find((name) =>
      folder.has(name)
    );
    const dev = ["dev_unseen.jsonl", "dev_seen.jsonl", "dev.jsonl"].find((name) =>
      folder.has(name) && name !== test
    );
    const rows = [
      ...rowsOf(folder, "train.jsonl", "train"),
      ...(dev === undefined ? [] : rowsOf(folder, dev, "validation")),
      ...rowsOf(folder, test ?? "dev_seen.jsonl", "test"),
    ];
    return namedListing(rows, folder.rootOf(""), "img");
  },
});

function rowsOf(folder: PublisherFolder, name: string, split: string) {
  return jsonRows(folder.file(name)).map((row) => {
    const { label } = row.fields;
    if (label === 0 || label === 1) return { ...row, split };
    throw dataFailure(row.where, "its label is neither 0 nor 1");
  });
}
