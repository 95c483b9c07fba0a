/**
 * Warns of a chat model without a chat template, which would read questions as plain text.
 *
 * @module
 */
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { LanguageModelDirectory } from "./directory.ts";
import { findChatTemplate } from "./template_place.ts";

/** Tokens that begin or end a turn in the templates of chat models. */
const turnToken =
  /^(?:<\|im_start\|>|<\|im_end\|>|<\|eot_id\|>|<\|start_header_id\|>|<\|end\|>|<start_of_turn>|<end_of_turn>|<end_of_utterance>|\[INST\]|\[\/INST\])$/;

/**
 * A warning where a tokenizer has tokens for turns and no template writes them. Behind plain text such
 * a model goes on writing: of SmolLM2-135M-Instruct, `<|im_end|>` behind "This is a photo of a frog" has
 * log p −13, and behind the answer "frog" in a turn of its own −2. A loss over answer and end token is
 * then large, and what a prompt learns first is the form.
 *
 * @returns Undefined where nothing is missing.
 */
export async function missingTemplate(
  directory: LanguageModelDirectory,
): Promise<Diagnostic | undefined> {
  const tokenizer = await directory.tokenizer();
  const turns = tokenizer.specialTokens.filter((token) => turnToken.test(token));
  if (turns.length === 0) return undefined;
  if (await findChatTemplate(directory.path, tokenizer.config) !== undefined) return undefined;
  return {
    code: "no-chat-template",
    severity: "warning",
    message: `Model "${directory.name}" has tokens for turns (${
      turns.join(", ")
    }) and no chat template: questions are plain text to it, after which a model seldom ends its answer`,
    notes: ["Put the checkpoint's chat_template.jinja beside its tokenizer.json"],
  };
}
