/** Ten kinds of things, animals and food, named as the zoo names them, by drawings it has not seen. @module */
import type { ClassMembers } from "../lib/drawing/class_drawings.ts";
import { recognitionDataset, type RecognitionTask } from "../lib/drawing/recognition.ts";

/** Unicode names of the emoji of each kind; Unicode's groups, without what shows no one thing. */
export const kindMembers: ClassMembers = {
  "clothing": [
    ...["glasses", "sunglasses", "goggles", "lab coat", "safety vest", "necktie", "t-shirt"],
    ...["jeans", "scarf", "gloves", "coat", "socks", "dress", "kimono", "sari", "briefs"],
    ...["one-piece swimsuit", "shorts", "bikini", "purse", "handbag", "clutch bag", "backpack"],
    ...["thong sandal", "running shoe", "hiking boot", "flat shoe", "high-heeled shoe"],
    ...["ballet shoes", "crown", "top hat", "graduation cap", "billed cap", "military helmet"],
  ],
  "drink": [
    ...["baby bottle", "glass of milk", "hot beverage", "teapot", "teacup without handle", "sake"],
    ...["bottle with popping cork", "wine glass", "cocktail glass", "tropical drink", "beer mug"],
    ...["clinking beer mugs", "clinking glasses", "tumbler glass", "pouring liquid"],
    ...["cup with straw", "bubble tea", "beverage box", "mate"],
  ],
  "food fruit": [
    ...["grapes", "melon", "watermelon", "tangerine", "lemon", "lime", "banana", "pineapple"],
    ...["mango", "red apple", "green apple", "pear", "peach", "cherries", "strawberry"],
    ...["blueberries", "kiwi fruit", "tomato", "olive", "coconut"],
  ],
  "food sweet": [
    ...["soft ice cream", "shaved ice", "ice cream", "doughnut", "cookie", "birthday cake"],
    ...["shortcake", "cupcake", "pie", "chocolate bar", "candy", "lollipop", "custard"],
    "honey pot",
  ],
  "mammal": [
    ...["monkey face", "monkey", "gorilla", "orangutan", "wolf", "fox", "raccoon", "lion"],
    ...["tiger face", "tiger", "leopard", "donkey", "unicorn", "zebra", "bison", "cow face", "ox"],
    ...["water buffalo", "cow", "pig face", "pig", "boar", "ram", "ewe", "goat", "camel"],
    ...["two-hump camel", "llama", "giraffe", "elephant", "mammoth", "rhinoceros"],
    ...["hippopotamus", "mouse face", "mouse", "rat", "hamster", "rabbit face", "rabbit"],
    ...["chipmunk", "beaver", "hedgehog", "bat", "bear", "polar bear", "koala", "panda", "sloth"],
    ...["otter", "skunk", "kangaroo", "badger"],
  ],
  "musical instrument": [
    ...["saxophone", "trumpet", "trombone", "accordion", "guitar", "musical keyboard", "violin"],
    ...["banjo", "drum", "long drum", "maracas", "flute", "harp"],
  ],
  "plant flower": [
    ...["bouquet", "cherry blossom", "white flower", "lotus", "rosette", "rose", "wilted flower"],
    ...["hibiscus", "sunflower", "blossom", "tulip", "hyacinth"],
  ],
  "sea animal": [
    ...["spouting whale", "whale", "dolphin", "orca", "seal", "fish", "tropical fish"],
    ...["blowfish", "shark", "octopus", "spiral shell", "coral", "jellyfish", "crab", "lobster"],
    ...["shrimp", "squid", "oyster"],
  ],
  "sport": [
    ...["soccer ball", "baseball", "softball", "basketball", "volleyball", "american football"],
    ...["rugby football", "tennis", "flying disc", "bowling", "cricket game", "field hockey"],
    ...["ice hockey", "lacrosse", "ping pong", "badminton", "boxing glove", "goal net"],
    ...["martial arts uniform", "flag in hole", "ice skate", "fishing pole", "diving mask"],
    ...["running shirt", "skis", "sled", "curling stone"],
  ],
  "tool": [
    ...["hammer", "axe", "pick", "hammer and pick", "hammer and wrench", "dagger"],
    ...["crossed swords", "bomb", "boomerang", "bow and arrow", "shield", "carpentry saw"],
    ...["wrench", "screwdriver", "nut and bolt", "gear", "clamp", "balance scale", "white cane"],
    ...["link", "chains", "hook", "toolbox", "magnet", "ladder", "shovel"],
  ],
};

/** The task. */
export const kind10: RecognitionTask = {
  name: "kind10",
  members: kindMembers,
  sizes: { train: 100, validation: 50, test: 100 },
  instruction: "This is a photo of a",
};

export default recognitionDataset(kind10);
