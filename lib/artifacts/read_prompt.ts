/** @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { decodePrompt, type Prompt } from "../prompts/prompt_file.ts";

/**
 * Reads a prompt artifact, which may come from elsewhere.
 *
 * @throws {DiagnosticError} If the file is no prompt.
 */
export async function readPrompt(path: string): Promise<Prompt> {
  const bytes = await Deno.readFile(path);
  try {
    return decodePrompt(bytes);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const message = `Cannot use prompt "${path}": ${error.message}`;
    const notes = ["tvp prompt import makes a prompt of another program's file"];
    throw new DiagnosticError([{ code: "prompt-unreadable", severity: "error", message, notes }]);
  }
}
