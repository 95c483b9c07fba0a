/** EuroSAT's RGB pictures (Helber et al. 2019). @module */
import { listFolder } from "../lib/data/formats/folder_format.ts";
import { publishedSet } from "../lib/data/published_set.ts";

/** Names for people of the publisher's folders. */
const names: Readonly<Record<string, string>> = {
  AnnualCrop: "annual crop land",
  Forest: "forest",
  HerbaceousVegetation: "herbaceous vegetation",
  Highway: "highway",
  Industrial: "industrial buildings",
  Pasture: "pasture",
  PermanentCrop: "permanent crop land",
  Residential: "residential buildings",
  River: "river",
  SeaLake: "sea or lake",
};

export default publishedSet({
  info: {
    name: "eurosat",
    kind: "classification",
    classes: Object.values(names),
    caption: "this is a satellite photo of {class}",
    licence: "MIT",
    source: "https://zenodo.org/records/7711810",
  },
  layout: [
    "AnnualCrop/AnnualCrop_1.jpg and so on, for each of ten classes",
    "also in EuroSAT_RGB/ or 2750/",
  ],
  settings: { instruction: "This is a satellite photo of" },
  async list(folder) {
    const prefix = folder.prefixOf(["EuroSAT_RGB", "2750"], "AnnualCrop");
    const listing = await listFolder(folder.rootOf(prefix).path);
    const rows = listing.rows.map((row) => {
      const label = names[String(row.fields.label)];
      if (label === undefined) throw folder.missing(`class ${row.fields.label} among the ten`);
      return { ...row, fields: { ...row.fields, label } };
    });
    return { ...listing, rows };
  },
});
