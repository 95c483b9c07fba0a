/** Imagenette (Howard 2019): ten classes of ImageNet. @module */
import { listFolder } from "../lib/data/formats/folder_format.ts";
import { publishedSet } from "../lib/data/published_set.ts";

/** Names in arXiv 2404.11207's code: ImageNet's, lower case. */
const names: Readonly<Record<string, string>> = {
  n01440764: "tench",
  n02102040: "english springer",
  n02979186: "cassette player",
  n03000684: "chain saw",
  n03028079: "church",
  n03394916: "french horn",
  n03417042: "garbage truck",
  n03425413: "gas pump",
  n03445777: "golf ball",
  n03888257: "parachute",
};

export default publishedSet({
  info: {
    name: "imagenette",
    kind: "classification",
    classes: Object.values(names),
    caption: "this is a photo of a {class}",
    licence: "Apache-2.0 (the selection); ImageNet's terms for the pictures",
    source: "https://github.com/fastai/imagenette",
  },
  layout: [
    "train/n01440764/*.JPEG and val/n01440764/*.JPEG, for each of ten classes",
    "also in imagenette2/, imagenette2-320/ or imagenette2-160/",
  ],
  async list(folder) {
    const prefix = folder.prefixOf(["imagenette2", "imagenette2-320", "imagenette2-160"], "train");
    const listing = await listFolder(folder.rootOf(prefix).path);
    const rows = listing.rows.map((row) => {
      const label = names[String(row.fields.label)];
      if (label === undefined) throw folder.missing(`class ${row.fields.label} among the ten`);
      return { ...row, fields: { ...row.fields, label } };
    });
    return { ...listing, rows };
  },
});
