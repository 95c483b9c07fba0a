/** EuroSAT's RGB images (Helber et al. 2019). @module */
import { listClassFolders } from "../lib/data/class_folders.ts";
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
    "also in EuroSAT_RGB/, EuroSAT/, 2750/ or eurosat/2750/",
  ],
  settings: { instruction: "This is a satellite photo of" },
  list: (folder) =>
    listClassFolders(folder, {
      inside: ["EuroSAT_RGB", "2750", "EuroSAT", "eurosat/2750"],
      mark: "AnnualCrop",
      names,
      all: "the ten",
    }),
});
