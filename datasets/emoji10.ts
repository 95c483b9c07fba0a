/** Ten classes, eight of them CIFAR-10's, drawn in art styles that no zoo model has seen. @module */
import { emojiMembers } from "../lib/drawing/emoji_classes.ts";
import { recognitionDataset, type RecognitionTask } from "../lib/drawing/recognition.ts";

/** The task. */
export const emoji10: RecognitionTask = {
  name: "emoji10",
  members: emojiMembers,
  sizes: { train: 100, validation: 50, test: 100 },
  instruction: "This is a photo of a",
};

export default recognitionDataset(emoji10);
