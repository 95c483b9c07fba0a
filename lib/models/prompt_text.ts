/** Instructions and answers as token ids, with placeholders for the picture. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { type ChatTemplate, openChatTemplate } from "./chat_template.ts";
import type { LanguageModelDirectory } from "./directory.ts";
import { mostImageTokens } from "./model_schema.ts";
import { type SpecialIds, specialIds, specialTokenTexts } from "./special_tokens.ts";
import { openTokenizer, type TextTokenizer } from "./tokenize.ts";

/** An instruction as a model reads it. */
export interface InstructionIds {
  /** Ids with one placeholder for each row of image features. */
  readonly ids: readonly number[];
  /** Ids for a Q-Former that reads the instruction; empty for other models. */
  readonly qformerIds: readonly number[];
}

/** Turns the texts of a task into ids for one model. */
export interface TextEncoder extends SpecialIds {
  readonly imageToken: number;
  /** Rows of image features per picture. */
  readonly imageTokens: number;
  instruction(text: string): InstructionIds;
  /** Ids of an answer, tokenised apart from the instruction, without end symbol. */
  answer(text: string): readonly number[];
  decode(ids: readonly number[]): string;
}

/**
 * Opens tokenizer and chat template of a model.
 *
 * @param imageTokens Rows of image features per picture; default: what the vision encoder declares,
 * else what config.json says.
 * @throws {DiagnosticError} If the tokenizer or an entry of config.json is missing.
 */
export async function openTextEncoder(
  directory: LanguageModelDirectory,
  imageTokens?: number,
): Promise<TextEncoder> {
  const { config, family } = directory;
  const tokenizer = await directory.tokenizer();
  const imageToken = family.imageToken(config);
  const rows = imageTokens ?? await declaredRows(directory) ?? family.imageTokens(config);
  if (imageToken === undefined || rows === undefined) {
    throw unplaced(
      directory,
      `config.json has no ${
        imageToken === undefined ? "image_token_index" : "number of image tokens"
      }`,
    );
  }
  if (!Number.isInteger(rows) || rows < 1 || rows > mostImageTokens) {
    throw unplaced(directory, `a picture takes ${rows} tokens, needed are 1 to ${mostImageTokens}`);
  }
  const template = await openChatTemplate(directory.path, tokenizer);
  const special = specialIds(directory, tokenizer, template?.afterAnswer());
  const place = { tokenizer, template, imageToken, rows, directory };
  const qformer = family.readsInstruction ? await openQFormerTokenizer(directory) : undefined;
  return {
    imageToken,
    imageTokens: rows,
    ...special,
    instruction: (text) => ({
      ids: placeImage(text, place),
      qformerIds: qformer?.encode(text, true) ?? [],
    }),
    answer: answerEncoder(place, special.endToken),
    decode: (ids) => tokenizer.decode(ids),
  };
}

/** The number of rows in the declared shape of `image_features`, where it is a number. */
async function declaredRows(directory: LanguageModelDirectory): Promise<number | undefined> {
  const { graph } = await directory.readPart("vision_encoder");
  const type = graph.outputs.find((info) => info.name === "image_features")?.type;
  const rows = type?.kind === "tensor" ? type.dims?.[1] : undefined;
  return typeof rows === "number" ? rows : undefined;
}

interface Place {
  readonly tokenizer: TextTokenizer;
  readonly template: ChatTemplate | undefined;
  readonly imageToken: number;
  readonly rows: number;
  readonly directory: LanguageModelDirectory;
}

/** Ids of an instruction, with as many placeholders as a picture has rows. */
function placeImage(text: string, place: Place): readonly number[] {
  const { tokenizer, imageToken, rows, directory } = place;
  const picture = new Array<number>(rows).fill(imageToken);
  const image = tokenizer.tokenOf(imageToken) ?? "<image>";
  const { written, expanded } = writePrompt(text, image, place);
  const ids = tokenizer.encode(expanded, !startsWithSymbol(expanded, place));
  const at = ids.indexOf(imageToken);
  if (at < 0 && directory.family.placement === "before-text") return [...picture, ...ids];
  const count = ids.filter((id) => id === imageToken).length;
  if (expanded !== written && count === rows) return ids;
  if (count === 1) return [...ids.slice(0, at), ...picture, ...ids.slice(at + 1)];
  throw unplaced(
    directory,
    `its text ${JSON.stringify(written)} holds ${count} image tokens ${imageToken} ("${image}")`,
    "no-image-placeholder",
  );
}

/** A prompt as the template writes it, and with the picture as the family writes it. */
function writePrompt(
  text: string,
  image: string,
  { tokenizer, template, directory, rows }: Place,
): { readonly written: string; readonly expanded: string } {
  const { family, config } = directory;
  const picture = family.picture?.(config, tokenizer.tokenOf);
  const placeholder = picture?.placeholder ?? image;
  const start = specialTokenTexts(tokenizer.config).bos_token ?? "";
  const mayLack = family.placement === "before-text";
  const written = template?.(text, { image: placeholder, mayLack }) ??
    family.text(text, placeholder, start);
  const expanded = picture === undefined
    ? written
    : written.replace(placeholder, () => picture.expand(image, rows));
  return { written, expanded };
}

/** Whether the start symbol is written, so that the tokenizer must not add it again. */
function startsWithSymbol(written: string, { tokenizer }: Place): boolean {
  const start = specialTokenTexts(tokenizer.config).bos_token ?? "";
  return start !== "" && written.startsWith(start);
}

/**
 * Answers of a decoder go on from the prompt, so that words want the space in front that a tokenizer
 * of the whole text would see. Answers of an encoder-decoder model are texts of their own, with the
 * special tokens that the tokenizer adds.
 */
function answerEncoder(place: Place, endToken: number): TextEncoder["answer"] {
  const { tokenizer, directory } = place;
  if (directory.family.architecture(directory.config) === "encoder-decoder") {
    return (text) => {
      const ids = tokenizer.encode(text, true);
      return ids.at(-1) === endToken ? ids.slice(0, -1) : ids;
    };
  }
  let space: string | undefined;
  return (text) => tokenizer.encode((space ??= spaceBefore(place)) + text);
}

/** Nothing where the prompt ends in white space or a special token, or the tokenizer adds a space. */
function spaceBefore(place: Place): string {
  const { tokenizer, imageToken } = place;
  if (tokenizer.addsSpace) return "";
  const { written } = writePrompt("What?", tokenizer.tokenOf(imageToken) ?? "<image>", place);
  const ends = /\s$/.test(written) ||
    tokenizer.specialTokens.some((token) => written.endsWith(token));
  return ends ? "" : " ";
}

function unplaced(
  { name }: LanguageModelDirectory,
  cause: string,
  code = "model-incomplete",
): DiagnosticError {
  const message = `Cannot place the picture in the text of model "${name}": ${cause}`;
  return new DiagnosticError([{ code, severity: "error", message }]);
}

/** The Q-Former may have a tokenizer of its own. */
async function openQFormerTokenizer(directory: LanguageModelDirectory): Promise<TextTokenizer> {
  try {
    await Deno.stat(`${directory.path}/qformer_tokenizer/tokenizer.json`);
  } catch {
    return await directory.tokenizer();
  }
  return await openTokenizer(directory.path, "qformer_tokenizer");
}
