/** Imagenette (Howard 2019): ten classes of ImageNet. @module */
import { listClassFolders } from "../lib/data/class_folders.ts";
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
    licence: "Apache-2.0 (the selection); ImageNet's terms for the images",
    source: "https://github.com/fastai/imagenette",
  },
  layout: [
    "train/n01440764/*.JPEG and val/n01440764/*.JPEG, for each of ten classes",
    "also in imagenette2/, imagenette2-320/ or imagenette2-160/",
  ],
  list: (folder) =>
    listClassFolders(folder, {
      inside: ["imagenette2", "imagenette2-320", "imagenette2-160"],
      mark: "train",
      names,
      all: "the ten",
    }),
});
