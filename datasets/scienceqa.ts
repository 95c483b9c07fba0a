/** ScienceQA (Lu et al. 2022, arXiv 2209.09513): questions with images and answers to choose from. @module */
import { dataFailure } from "../lib/data/data_failure.ts";
import { namedListing } from "../lib/data/formats/file_images.ts";
import { jsonValue } from "../lib/data/formats/table_format.ts";
import { publishedSet } from "../lib/data/published_set.ts";

export default publishedSet({
  info: {
    name: "scienceqa",
    kind: "classification",
    mirrorKeepsAnswer: false,
    licence: "CC-BY-NC-SA-4.0",
    source: "https://github.com/lupantech/ScienceQA",
  },
  layout: [
    "problems.json, also in data/scienceqa/",
    "images/train/1/image.png, images/val/…, images/test/… (also train/1/image.png)",
    "the files of Hugging Face are { parquet: …, broken: skip }: questions without an image are left out",
  ],
  list(folder) {
    const prefix = folder.prefixOf(["data/scienceqa", "data", "scienceqa"], "problems.json");
    const problems = Object(jsonValue(folder.file(`${prefix}problems.json`))) as Record<
      string,
      unknown
    >;
    const images = folder.has(`${prefix}images`) ? `${prefix}images` : prefix;
    const rows = Object.entries(problems).flatMap(([id, problem]) => {
      const { image, split, question, choices, answer, hint } = Object(problem) as Record<
        string,
        unknown
      >;
      if (image === null || image === undefined) return []; // a question without an image
      const where = `problems.json ${id}`;
      if (typeof image !== "string" || typeof split !== "string" || typeof question !== "string") {
        throw dataFailure(where, "it has no image, split or question of text");
      }
      const asked = typeof hint === "string" && hint !== "" ? `${hint}\n${question}` : question;
      const fields = { id, image: `${split}/${id}/${image}`, question: asked, choices, answer };
      return [{ where, split, fields }];
    });
    if (rows.length === 0) throw dataFailure("problems.json", "no question of it has an image");
    return namedListing(rows, folder.rootOf(images), "image");
  },
});
