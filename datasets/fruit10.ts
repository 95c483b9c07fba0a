/** Ten fruits, told apart by name: the fine-grained task. @module */
import { recognitionDataset, type RecognitionTask } from "./recognition.ts";
import { tenFruits } from "./ten_fruits.ts";

/** The task. */
export const fruit10: RecognitionTask = {
  name: "fruit10",
  members: Object.fromEntries(tenFruits.map((name) => [name, [name]])),
  sizes: { train: 100, validation: 50, test: 100 },
  instruction: "What is it?",
};

export default recognitionDataset(fruit10);
