/** Instructions and answers as token ids, with placeholders for the picture. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { type ChatTemplate, openChatTemplate } from "./chat_template.ts";
import type { LanguageModelDirectory } from "./directory.ts";
import { type Json, numberIn, objectIn } from "./families/family.ts";
import { openTokenizer, type TextTokenizer } from "./tokenize.ts";

/** An instruction as a model reads it. */
export interface InstructionIds {
  /** Ids with one placeholder for each row of image features. */
  readonly ids: readonly number[];
  /** Ids for a Q-Former that reads the instruction; empty for other models. */
  readonly qformerIds: readonly number[];
}

/** Turns the texts of a task into ids for one model. */
export interface TextEncoder {
  readonly imageToken: number;
  /** Rows of image features per picture. */
  readonly imageTokens: number;
  /** Symbol that ends an answer. */
  readonly endToken: number;
  readonly padToken: number;
  /** First decoder input of an encoder-decoder model. */
  readonly startToken: number;
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
    throw new DiagnosticError([{
      code: "model-incomplete",
      severity: "error",
      message:
        `Cannot place pictures in the text of model "${directory.name}": config.json has no ${
          imageToken === undefined ? "image_token_index" : "number of image tokens"
        }`,
    }]);
  }
  const place = { tokenizer, imageToken, rows, directory };
  const template = await openChatTemplate(directory.path, tokenizer);
  const qformer = family.readsInstruction ? await openQFormerTokenizer(directory) : undefined;
  return {
    imageToken,
    imageTokens: rows,
    ...specialTokens(directory),
    instruction: (text) => ({
      ids: placeImage(text, template, place),
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
  readonly imageToken: number;
  readonly rows: number;
  readonly directory: LanguageModelDirectory;
}

function placeImage(
  text: string,
  template: ChatTemplate | undefined,
  { tokenizer, imageToken, rows, directory }: Place,
): readonly number[] {
  const picture = new Array<number>(rows).fill(imageToken);
  const image = tokenizer.tokenOf(imageToken) ?? "<image>";
  const { placement } = directory.family;
  const written = template?.(text) ?? directory.family.text(text, image);
  // A template writes the start symbol itself.
  const ids = tokenizer.encode(written, template === undefined);
  const at = ids.indexOf(imageToken);
  if (at >= 0) return [...ids.slice(0, at), ...picture, ...ids.slice(at + 1)];
  if (placement === "before-text") return [...picture, ...ids];
  throw new DiagnosticError([{
    code: "no-image-placeholder",
    severity: "error",
    message: `Cannot place the picture in the text of model "${directory.name}": its text ${
      JSON.stringify(written)
    } holds no token ${imageToken} ("${image}")`,
  }]);
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

function specialTokens(
  { config, generation, name }: LanguageModelDirectory,
): { endToken: number; padToken: number; startToken: number } {
  const places: readonly Json[] = [generation, objectIn(config, "text_config"), config];
  const find = (key: string): number | undefined =>
    places.map((place) => firstNumber(place, key)).find((id) => id !== undefined);
  const endToken = find("eos_token_id");
  if (endToken === undefined) {
    throw new DiagnosticError([{
      code: "model-incomplete",
      severity: "error",
      message:
        `Cannot end an answer of model "${name}": neither generation_config.json nor config.json has eos_token_id`,
    }]);
  }
  const padToken = find("pad_token_id") ?? endToken;
  return { endToken, padToken, startToken: find("decoder_start_token_id") ?? padToken };
}

/** `eos_token_id` may be a list, of which the first ends an answer. */
function firstNumber(place: Json, key: string): number | undefined {
  const value = place[key];
  const first = Array.isArray(value) ? value[0] : undefined;
  return typeof first === "number" ? first : numberIn(place, key);
}
