/** CIFAR-10's ten classes drawn in art styles that no zoo model has seen. @module */
import { recognitionDataset, type RecognitionTask } from "./recognition.ts";
import { classMembers } from "./ten_classes.ts";

/** The task. */
export const emoji10: RecognitionTask = {
  name: "emoji10",
  members: classMembers,
  sizes: { train: 100, validation: 50, test: 100 },
  instruction: "This is a photo of a",
};

export default recognitionDataset(emoji10);
