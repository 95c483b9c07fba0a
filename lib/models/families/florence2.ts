/** The family of Florence-2. @module */
import { type Family, type Json, numberIn, objectIn } from "./family.ts";

/** The instruction of a task token, with what follows the token where the task takes more. */
function instructionOf(instruction: string, preprocessor: Json): string {
  const fixed = objectIn(preprocessor, "task_prompts_without_inputs");
  for (const [token, prompt] of Object.entries(fixed)) {
    if (instruction === token && typeof prompt === "string") return prompt;
  }
  const open = objectIn(preprocessor, "task_prompts_with_input");
  for (const [token, prompt] of Object.entries(open)) {
    if (!instruction.includes(token) || typeof prompt !== "string") continue;
    return prompt.replace("{input}", () => instruction.replaceAll(token, "").trim());
  }
  return instruction;
}

/** Florence-2: features in front of the text of a task, answered by a BART (arXiv 2311.06242, section 4.1). */
export const florence2: Family = {
  modelTypes: ["florence2"],
  architecture: () => "encoder-decoder",
  processorType: "CLIPImageProcessor",
  imageTokens: ({ processor, preprocessor }) =>
    numberIn(preprocessor, "image_seq_length") ?? numberIn(processor, "image_seq_length"),
  placement: "before-embeddings",
  text: (instruction) => instruction,
  instruction: instructionOf,
};
