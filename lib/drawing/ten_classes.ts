/** CIFAR-10's classes as emoji. The zoo sees them more often than others. @module */

/** The classes, in CIFAR-10's order. */
export const tenClasses = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck",
] as const;

/** One of the ten. */
export type TenClass = typeof tenClasses[number];

/** Unicode names of the emoji that show each class. */
export const classMembers: Readonly<Record<TenClass, readonly string[]>> = {
  airplane: ["airplane", "small airplane", "airplane departure", "airplane arrival"],
  automobile: [
    "automobile",
    "oncoming automobile",
    "sport utility vehicle",
    "racing car",
    "taxi",
    "oncoming taxi",
    "police car",
    "oncoming police car",
  ],
  bird: [
    "bird",
    "duck",
    "eagle",
    "owl",
    "dove",
    "parrot",
    "swan",
    "flamingo",
    "penguin",
    "rooster",
    "chicken",
    "turkey",
    "goose",
    "peacock",
    "baby chick",
    "front-facing baby chick",
    "hatching chick",
  ],
  cat: [
    "cat",
    "cat face",
    "black cat",
    "grinning cat",
    "grinning cat with smiling eyes",
    "cat with tears of joy",
    "smiling cat with heart-eyes",
    "cat with wry smile",
    "kissing cat",
    "weary cat",
    "crying cat",
    "pouting cat",
  ],
  deer: ["deer", "moose"],
  dog: ["dog", "dog face", "guide dog", "service dog", "poodle"],
  frog: ["frog"],
  horse: ["horse", "horse face", "carousel horse", "horse racing"],
  ship: ["ship", "ferry", "passenger ship", "speedboat", "sailboat", "motor boat"],
  truck: ["truck", "delivery truck", "articulated lorry", "pickup truck", "fire engine"],
};

/** The class that an emoji shows, if any. */
export function classOf(label: string): TenClass | undefined {
  return tenClasses.find((name) => classMembers[name].includes(label));
}
