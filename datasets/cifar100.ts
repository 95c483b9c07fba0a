/** CIFAR-100 (Krizhevsky 2009), the binary or the Python version. @module */
import { z } from "zod";
import { cifarListing } from "../lib/data/formats/cifar_folder.ts";
import { publishedSet } from "../lib/data/published_set.ts";

const fine = [
  ...["apple", "aquarium fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle"],
  ...["bottle", "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle"],
  ...["caterpillar", "cattle", "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch"],
  ...["crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest"],
  ...["fox", "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn mower"],
  ...["leopard", "lion", "lizard", "lobster", "man", "maple tree", "motorcycle", "mountain"],
  ...["mouse", "mushroom", "oak tree", "orange", "orchid", "otter", "palm tree", "pear"],
  ...["pickup truck", "pine tree", "plain", "plate", "poppy", "porcupine", "possum"],
  ...["rabbit", "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew"],
  ...["skunk", "skyscraper", "snail", "snake", "spider", "squirrel", "streetcar"],
  ...["sunflower", "sweet pepper", "table", "tank", "telephone", "television", "tiger"],
  ...["tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow tree"],
  ...["wolf", "woman", "worm"],
];

const coarse = [
  ...["aquatic mammals", "fish", "flowers", "food containers", "fruit and vegetables"],
  ...["household electrical devices", "household furniture", "insects", "large carnivores"],
  ...["large man-made outdoor things", "large natural outdoor scenes"],
  ...["large omnivores and herbivores", "medium mammals", "non-insect invertebrates"],
  ...["people", "reptiles", "small mammals", "trees", "vehicles 1", "vehicles 2"],
];

const parameters = z.strictObject({
  labels: z.enum(["fine", "coarse"]).default("fine").describe(
    "100 classes, or 20 of them together",
  ),
});

export default publishedSet({
  info: {
    name: "cifar100",
    kind: "classification",
    caption: "this is a photo of a {class}",
    licence: "not stated; cite Krizhevsky 2009",
    source: "https://www.cs.toronto.edu/~kriz/cifar.html",
  },
  layout: [
    "cifar-100-binary/train.bin and test.bin",
    "or cifar-100-python/train and test",
  ],
  parameters,
  list(folder, given) {
    const { labels } = parameters.parse(given ?? {});
    const isFine = labels === "fine";
    return cifarListing(folder, {
      folders: ["cifar-100-binary", "cifar-100-python"],
      train: ["train"],
      test: "test",
      labels: {
        bytes: 2,
        byte: isFine ? 1 : 0,
        key: `${labels}_labels`,
        classes: isFine ? fine : coarse,
      },
      md5: {
        train: "16019d7e3df5f24257cddd939b257f8d",
        test: "f0ef6b0ae62326f3e7ffdfab6717acfc",
      },
    });
  },
});
