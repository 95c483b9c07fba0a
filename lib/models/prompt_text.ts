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
  const place = { tokenizer, template, imageToken, rows, directory };
  const qformer = family.readsInstruction ? await openQFormerTokenizer(directory) : undefined;
  return {
    imageToken,
    imageTokens: rows,
    ...specialIds(directory, tokenizer, template?.afterAnswer()),
    instruction: (text) => ({
      ids: placeImage(text, place),
      qformerIds: qformer?.encode(text, true) ?? [],
    }),
    answer: (text) => tokenizer.encode(tokenizer.separator + text),
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

/** Ids of an instruction; the one placeholder in it becomes as many as a picture has rows. */
function placeImage(text: string, place: Place): readonly number[] {
  const { tokenizer, imageToken, rows, directory } = place;
  const picture = new Array<number>(rows).fill(imageToken);
  const image = tokenizer.tokenOf(imageToken) ?? "<image>";
  const mayLack = directory.family.placement === "before-text";
  const written = place.template?.(text, { image, mayLack }) ?? directory.family.text(text, image);
  const ids = tokenizer.encode(written, !writesStart(written, place));
  const at = ids.indexOf(imageToken);
  if (at < 0 && mayLack) return [...picture, ...ids];
  if (at >= 0 && at === ids.lastIndexOf(imageToken)) {
    return [...ids.slice(0, at), ...picture, ...ids.slice(at + 1)];
  }
  const count = ids.filter((id) => id === imageToken).length;
  throw unplaced(
    directory,
    `its text ${JSON.stringify(written)} holds ${count} image tokens ${imageToken} ("${image}")`,
    "no-image-placeholder",
  );
}

/** Whether a template has written the start symbol, so that the tokenizer must not add it again. */
function writesStart(written: string, { template, tokenizer }: Place): boolean {
  const start = specialTokenTexts(tokenizer.config).bos_token;
  return template !== undefined && start !== undefined && start !== "" && written.startsWith(start);
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
