/** Fashion-MNIST (Xiao et al. 2017), idx files. @module */
import { publishedSet } from "../lib/data/published_set.ts";
import { idxFolder, idxLayout } from "../lib/data/formats/idx_files.ts";

const classes = [
  ...["T-shirt", "trouser", "pullover", "dress", "coat"],
  ...["sandal", "shirt", "sneaker", "bag", "ankle boot"],
];

export default publishedSet({
  info: {
    name: "fashion-mnist",
    kind: "classification",
    classes,
    caption: "this is a photo of a {class}",
    licence: "MIT",
    source: "https://github.com/zalandoresearch/fashion-mnist",
  },
  layout: idxLayout,
  list: (folder) => idxFolder(folder, ["FashionMNIST/raw", "raw"], classes),
});
