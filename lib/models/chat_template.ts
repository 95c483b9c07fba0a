/** The chat template of a model directory, where it has one. @module */
import { join } from "@std/path";
import type { TextTokenizer } from "./tokenize.ts";

/** Renders an instruction about one picture as the model's chat template wants it. */
export type ChatTemplate = (instruction: string) => string;

/**
 * Reads `chat_template.jinja`, `chat_template.json` or the template in tokenizer_config.json.
 *
 * @returns Undefined where there is none.
 */
export async function openChatTemplate(
  directory: string,
  tokenizer: TextTokenizer,
): Promise<ChatTemplate | undefined> {
  const source = await readTemplate(directory, tokenizer);
  if (source === undefined) return undefined;
  const { Template } = await import("@huggingface/jinja");
  const template = new Template(source);
  return (instruction) =>
    template.render({
      messages: [{
        role: "user",
        content: [{ type: "image" }, { type: "text", text: instruction }],
      }],
      add_generation_prompt: true,
      bos_token: tokenText(tokenizer.config.bos_token),
      eos_token: tokenText(tokenizer.config.eos_token),
    });
}

async function readTemplate(
  directory: string,
  tokenizer: TextTokenizer,
): Promise<string | undefined> {
  const jinja = await readText(join(directory, "chat_template.jinja"));
  if (jinja !== undefined) return jinja;
  const json = await readText(join(directory, "chat_template.json"));
  const template = json === undefined
    ? tokenizer.config.chat_template
    : JSON.parse(json).chat_template;
  return typeof template === "string" ? template : undefined;
}

/** Special tokens are written as text or as `{ content }`. */
function tokenText(token: unknown): string {
  if (typeof token === "string") return token;
  const content = (token as { content?: unknown } | undefined)?.content;
  return typeof content === "string" ? content : "";
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
