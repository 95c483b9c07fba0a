/** SVHN's cropped digits (Netzer et al. 2011), .mat of version 5 or 7.3. @module */
import { publishedSet } from "../lib/data/published_set.ts";
import { svhnListing } from "../lib/data/formats/svhn_files.ts";
import { joinListings } from "../lib/data/listing.ts";

const classes = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

export default publishedSet({
  info: {
    name: "svhn",
    kind: "classification",
    classes,
    caption: "this is a photo of the number {class}",
    mirrorKeepsAnswer: false,
    licence: "for non-commercial use; cite Netzer et al. 2011",
    source: "http://ufldl.stanford.edu/housenumbers/",
  },
  layout: ["train_32x32.mat", "test_32x32.mat"],
  async list(folder) {
    const read = (name: string) => svhnListing(folder.file(name), classes);
    return joinListings([
      { split: "train", listing: await read("train_32x32.mat") },
      { split: "test", listing: await read("test_32x32.mat") },
    ]);
  },
});
