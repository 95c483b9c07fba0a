/**
 * The classes of emoji10 and of the tasks with scenes: eight of CIFAR-10's, and two that art draws
 * often enough to keep its drawings apart. CIFAR-10's deer and frog have three and four drawings.
 *
 * @module
 */
import { classMembers } from "./ten_classes.ts";

const { deer: _, frog: __, ...drawnOften } = classMembers;

/** Unicode names of the emoji that show each class. */
export const emojiMembers = {
  ...drawnOften,
  bug: [
    "snail",
    "butterfly",
    "bug",
    "ant",
    "honeybee",
    "beetle",
    "lady beetle",
    "cricket",
    "cockroach",
    "spider",
    "scorpion",
    "mosquito",
    "fly",
    "worm",
  ],
  reptile: [
    "crocodile",
    "turtle",
    "lizard",
    "snake",
    "dragon face",
    "dragon",
    "sauropod",
    "t-rex",
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** One of the ten. */
export type EmojiClass = keyof typeof emojiMembers;

/** The classes. */
export const emojiClasses = Object.keys(emojiMembers) as readonly EmojiClass[];
