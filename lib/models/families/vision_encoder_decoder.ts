/** The family of models that write down what an image shows: TrOCR, Donut, captions. @module */
import {
  type DecoderPrompt,
  type Family,
  type Json,
  objectIn,
  type PromptFacts,
} from "./family.ts";

/** Donut's decoder begins with the token of a task, and with no other start symbol. */
function isDonut(config: Json): boolean {
  return String(objectIn(config, "encoder").model_type).includes("donut");
}

const question = ["<s_docvqa>", "<s_question>", "</s_question>", "<s_answer>"] as const;

/**
 * An instruction that begins with a token is what the decoder reads first, such as `<s_cord-v2>`;
 * where the tokenizer has Donut's tokens for questions, others stand between them.
 */
function decoderPrompt(instruction: string, facts: PromptFacts): DecoderPrompt | undefined {
  const afterStart = !isDonut(facts.config);
  const start = /^<[^<>]+>/.exec(instruction)?.[0];
  if (start !== undefined && facts.isToken(start)) return { text: instruction, afterStart };
  if (!question.every(facts.isToken)) return undefined;
  const [task, open, close, answer] = question;
  return { text: `${task}${open}${instruction}${close}${answer}`, afterStart };
}

/** A vision encoder and a text decoder that looks at its states; the encoder reads no instruction. */
export const visionEncoderDecoder: Family = {
  modelTypes: ["vision-encoder-decoder"],
  architecture: () => "encoder-decoder",
  parts: "image-to-text",
  processorType: "ViTImageProcessor",
  placement: "without-text",
  text: () => "",
  decoderPrompt,
  bareAnswers: isDonut,
};
