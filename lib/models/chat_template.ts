/** Reads the chat template of a model directory, if it has one. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { readTemplate, type Render, TemplateError } from "./render_template.ts";
import { specialTokenTexts } from "./special_token_texts.ts";
import { findChatTemplate } from "./template_place.ts";
import type { TextTokenizer } from "./tokenize.ts";

/** How a template writes an image. */
export interface ImageText {
  /** Written form of one placeholder; default `<image>`. */
  readonly image?: string;
  /** Other forms in which templates may write it. */
  readonly others?: readonly string[];
  /** Whether a text without a placeholder will do, as the image comes before all text. */
  readonly mayLack?: boolean;
}

/** Renders an instruction about one image as the model's chat template wants it. */
export interface ChatTemplate {
  /** @throws {DiagnosticError} If the template fails, or does not write one image. */
  (instruction: string, imageText?: ImageText): string;
  /** What follows an answer of the model; undefined where the template fails. */
  afterAnswer(): string | undefined;
}

/**
 * Opens the chat template of a directory; {@linkcode findChatTemplate} says which.
 *
 * @returns Undefined where there is none.
 * @throws {DiagnosticError} If there is one that cannot be read.
 */
export async function openChatTemplate(
  directory: string,
  tokenizer: Pick<TextTokenizer, "config">,
): Promise<ChatTemplate | undefined> {
  const template = await findChatTemplate(directory, tokenizer.config);
  if (template === undefined) return undefined;
  const tokens = specialTokenTexts(tokenizer.config);
  const place = `${template.name} in "${directory}"`;
  const render = await openRender(template.source, place);
  const write = (messages: readonly object[], add_generation_prompt: boolean) =>
    render({ ...tokens, messages, add_generation_prompt });
  const question = (content: Content) => write([{ role: "user", content }], true);
  const exchange = (asked: Content, content: Content) =>
    write([{ role: "user", content: asked }, { role: "assistant", content }], false);
  return Object.assign(
    (instruction: string, imageText: ImageText = {}) =>
      writeImage(instruction, imageText, { question, place }),
    { afterAnswer: () => afterAnswer(exchange) },
  );
}

async function openRender(source: string, place: string): Promise<Render> {
  try {
    return await readTemplate(source);
  } catch (error) {
    if (error instanceof TemplateError) throw failure(place, [error.message]);
    throw error;
  }
}

/** What a message says: parts for templates that know images, one text for others. */
type Content = string | readonly Readonly<Record<string, unknown>>[];

/** A text that no template uses: it shows in a question only if a part is printed as a whole. */
const mark = "printed_as_a_whole";

function textPart(text: string) {
  return { type: "text", text, [mark]: true };
}

/** The ways to say an instruction about an image, in the order in which they are tried. */
function contentsOf(instruction: string, { image = "<image>", mayLack }: ImageText): Content[] {
  const parts = [{ type: "image", [mark]: true }, textPart(instruction)];
  return mayLack ? [parts, instruction] : [parts, image + instruction, instruction];
}

interface Writer {
  readonly question: (content: Content) => string;
  readonly place: string;
}

function writeImage(
  instruction: string,
  imageText: ImageText,
  { question, place }: Writer,
): string {
  const mistakes = new Set<string>();
  for (const content of contentsOf(instruction, imageText)) {
    try {
      const text = question(content);
      const mistake = mistakeIn(text, imageText);
      if (mistake === undefined) return text;
      mistakes.add(mistake);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      mistakes.add(error.message);
      if (error.endless) break;
    }
  }
  throw failure(place, [...mistakes]);
}

/** Why a question cannot be used, if so. */
function mistakeIn(
  text: string,
  { image = "<image>", others = [], mayLack }: ImageText,
): string | undefined {
  if (text.includes(mark)) return "it prints the parts of a message instead of their text";
  const countOf = (form: string) => text.split(form).length - 1;
  const count = countOf(image);
  if (count === 1 || (mayLack && count === 0)) return undefined;
  if (count === 0 && others.some((form) => countOf(form) === 1)) return undefined;
  const shown = text.length > 300 ? `${text.slice(0, 300)}…` : text;
  return `it writes ${count} placeholders ${JSON.stringify(image)} for one image: ${
    JSON.stringify(shown)
  }`;
}

/** What a template writes behind an answer, if it writes answers as they are. */
function afterAnswer(
  exchange: (question: Content, answer: Content) => string,
): string | undefined {
  const [question, answer] = ["The question.", "The answer."];
  const asParts = (text: string) => [textPart(text)];
  const asText = (text: string) => text;
  for (const content of [asParts, asText]) {
    try {
      const text = exchange(content(question), content(answer));
      const at = text.lastIndexOf(answer);
      if (at >= 0 && !text.includes(mark)) return text.slice(at + answer.length);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      if (error.endless) return undefined;
    }
  }
  return undefined;
}

function failure(place: string, causes: readonly string[]): DiagnosticError {
  const message = `Cannot use the chat template ${place}: ${causes.join("; ")}`;
  return new DiagnosticError([{ code: "chat-template", severity: "error", message }]);
}
