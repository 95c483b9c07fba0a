/** MNIST (LeCun et al. 1998), idx files. @module */
import { publishedSet } from "../lib/data/published_set.ts";
import { idxFolder, idxLayout } from "../lib/data/formats/idx_files.ts";

const classes = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

export default publishedSet({
  info: {
    name: "mnist",
    kind: "classification",
    classes,
    caption: "this is a photo of the number {class}",
    mirrorKeepsAnswer: false,
    licence: "CC-BY-SA-3.0",
    source: "https://yann.lecun.com/exdb/mnist/",
  },
  layout: idxLayout,
  list: (folder) => idxFolder(folder, ["MNIST/raw", "raw"], classes),
});
