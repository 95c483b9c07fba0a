/** Ten fruits that the zoo sees more often than others. @module */

/** Unicode names of the fruits; every style of art draws them. */
export const tenFruits = [
  "banana",
  "cherries",
  "grapes",
  "lemon",
  "pear",
  "pineapple",
  "red apple",
  "strawberry",
  "tangerine",
  "watermelon",
] as const;
