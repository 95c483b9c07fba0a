/** CIFAR-10 (Krizhevsky 2009), the binary or the Python version. @module */
import { cifarClasses, cifarListing, cifarNames } from "../lib/data/formats/cifar_folder.ts";
import { publishedSet } from "../lib/data/published_set.ts";

export default publishedSet({
  info: {
    name: "cifar10",
    kind: "classification",
    classes: cifarClasses,
    caption: "this is a photo of a {class}",
    licence: "not stated; cite Krizhevsky 2009",
    source: "https://www.cs.toronto.edu/~kriz/cifar.html",
  },
  layout: [
    "cifar-10-batches-bin/data_batch_1.bin to data_batch_5.bin and test_batch.bin",
    "or cifar-10-batches-py/data_batch_1 to data_batch_5 and test_batch",
  ],
  list: (folder) => cifarListing(folder, cifarNames),
});
