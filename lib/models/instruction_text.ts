/** Instructions and answers as token ids, with placeholders for the image. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";
import { type ChatTemplate, openChatTemplate } from "./chat_template.ts";
import { isEncoderDecoder, type LanguageModelDirectory } from "./directory.ts";
import { type ImageFacts, numberIn, type WrittenImage } from "./families/family.ts";
import type { FeedRules } from "./feeds.ts";
import { dimsOfInput } from "./graph_inputs.ts";
import { maxImageTokens } from "./model_schema.ts";
import { type ImageLayout, layImage } from "./image_layout.ts";
import { specialTokenTexts } from "./special_token_texts.ts";
import { type SpecialIds, specialIds } from "./special_tokens.ts";
import { openTokenizer, type TextTokenizer } from "./tokenize.ts";

/** An instruction as a model reads it. */
export interface InstructionIds {
  /** Ids with one placeholder for each row of image features. */
  readonly ids: readonly number[];
  /** Ids for a Q-Former that reads the instruction; empty for other models. */
  readonly qformerIds: readonly number[];
  /** What a decoder of answers has read before one; absent: the start symbol. */
  readonly prompt?: readonly number[];
}

/** Turns the texts of a task into ids for one model, about images of one size. */
export interface InstructionEncoder extends SpecialIds, FeedRules {
  /** Rows of image features per image. */
  readonly imageTokens: number;
  instruction(text: string): InstructionIds;
  /** Ids of an answer, tokenised apart from the instruction, without end symbol. */
  answer(text: string): readonly number[];
  decode(ids: readonly number[]): string;
}

/** What is known about the images: their whole layout, or only their rows of image features. */
export type ImageAtHand = Partial<ImageLayout> & Pick<ImageLayout, "rows">;

/**
 * Opens tokenizer and chat template of a model.
 *
 * @param image The images that are asked about; default: squares of 224 pixels, which makes no
 * difference to models that read all images at one size.
 * @throws {DiagnosticError} If the tokenizer or an entry of config.json is missing, or image tokens
 * and image features do not match.
 */
export async function openTextEncoder(
  directory: LanguageModelDirectory,
  image?: ImageAtHand,
): Promise<InstructionEncoder> {
  const { family } = directory;
  const tokenizer = await directory.tokenizer();
  const layout = image ?? await layImage(directory, { height: 224, width: 224 });
  const template = await openChatTemplate(directory.path, tokenizer);
  const special = specialIds(directory, tokenizer, template?.afterAnswer());
  const imageToken = imageTokenOf(directory, tokenizer, special);
  const written = writtenImage(directory, tokenizer, { imageToken, layout });
  const place = { tokenizer, template, imageToken, directory, ...written };
  const qformer = family.readsInstruction ? await openQFormerTokenizer(directory) : undefined;
  const { plan } = layout;
  return {
    imageToken,
    imageTokens: written.rows,
    firstPosition: family.firstPosition ?? 0,
    ...(plan?.layout.kind === "merged-patches" && await hasPositionRows(directory)
      ? { grid: plan.grid }
      : {}),
    ...(family.tokenTypes === undefined ? {} : { tokenTypes: family.tokenTypes }),
    ...special,
    instruction: (text) => ({
      ids: placeImage(asked(text, directory), place),
      qformerIds: qformer?.encode(text, true) ?? [],
      ...decoderPrompt(text, place, special),
    }),
    answer: answerEncoder(place, special.endToken),
    decode: (ids) => tokenizer.decode(ids),
  };
}

/** Whether positions have rows for time, row and column, and not one number a token. */
async function hasPositionRows(directory: LanguageModelDirectory): Promise<boolean> {
  const { graph } = await directory.readPart("decoder_model_merged");
  const positions = graph.inputs.find(({ name }) => name === "position_ids");
  return positions !== undefined && dimsOfInput(positions).length === 3;
}

/** Rewrites an instruction as the processor does before it tokenizes it. */
function asked(text: string, { family, preprocessor }: LanguageModelDirectory): string {
  return family.instruction?.(text, preprocessor) ?? text;
}

/** The placeholder's number. @throws {DiagnosticError} If neither config.json nor the tokenizer has one. */
function imageTokenOf(
  directory: LanguageModelDirectory,
  tokenizer: TextTokenizer,
  { padToken }: SpecialIds,
): number {
  const { config, processor, family } = directory;
  const names = { ...specialTokenTexts(processor), ...specialTokenTexts(tokenizer.config) };
  const isSpecial = (text: string) => tokenizer.specialTokens.includes(text);
  const given = numberIn(config, "image_token_index", "image_token_id");
  const usual = names.image_token ?? family.imageToken ?? "<image>";
  const named = tokenizer.idOf(usual);
  if (given !== undefined && isSpecial(usual) && !isSpecial(tokenizer.tokenOf(given) ?? usual)) {
    const text = JSON.stringify(tokenizer.tokenOf(given));
    throw unplaced(
      directory,
      `config.json says that the image token is ${given}, which is the text ${text}; "${usual}" is ${named}`,
      "image-tokens-differ",
    );
  }
  const token = given ?? named;
  if (token !== undefined) return token;
  if (family.placement === "before-embeddings" || family.placement === "without-text") {
    return padToken;
  }
  throw unplaced(directory, "config.json has no image_token_index");
}

interface Written extends WrittenImage {
  /** Text of the image token, and how many of them an image takes. */
  readonly image: string;
  readonly rows: number;
}

/** An image as the family writes it. @throws {DiagnosticError} If its rows are not known, or differ. */
function writtenImage(
  directory: LanguageModelDirectory,
  tokenizer: TextTokenizer,
  { imageToken, layout }: { readonly imageToken: number; readonly layout: ImageAtHand },
): Written {
  const { family, config, processor, preprocessor } = directory;
  const image = tokenizer.tokenOf(imageToken) ?? family.imageToken ?? "<image>";
  const facts: ImageFacts = {
    config,
    processor,
    preprocessor,
    special: { ...specialTokenTexts(processor), ...specialTokenTexts(tokenizer.config) },
    image,
    tokenOf: tokenizer.tokenOf,
    ...(layout.plan === undefined ? {} : { plan: layout.plan }),
    ...(layout.rows === undefined ? {} : { rows: layout.rows }),
  };
  const written = family.writtenImage?.(facts);
  const ruled = written === undefined
    ? family.imageTokens?.(facts)
    : written.text.split(image).length - 1;
  const rows = ruled ?? layout.rows ?? family.likelyImageTokens?.(facts);
  if (rows === undefined) throw unplaced(directory, "config.json has no number of image tokens");
  if (!Number.isInteger(rows) || rows < 1 || rows > maxImageTokens) {
    throw unplaced(directory, `an image takes ${rows} tokens, expected 1 to ${maxImageTokens}`);
  }
  if (layout.rows !== undefined && layout.rows !== rows) {
    throw unplaced(
      directory,
      `its processor writes ${rows} image tokens for an image, but its vision encoder gives ${layout.rows} rows of image features`,
      "image-tokens-differ",
    );
  }
  return { image, rows, ...written ?? { placeholder: image, text: image.repeat(rows) } };
}

/** What the family's decoder reads before an answer to an instruction. */
function decoderPrompt(
  instruction: string,
  { directory, tokenizer }: Pick<Place, "directory" | "tokenizer">,
  { startToken }: SpecialIds,
): Pick<InstructionIds, "prompt"> {
  const { family, config } = directory;
  const asked = family.decoderPrompt?.(instruction, {
    config,
    isToken: (text) => tokenizer.idOf(text) !== undefined,
  });
  if (asked === undefined) return {};
  const ids = tokenizer.encode(asked.text);
  const starts = !asked.afterStart || ids[0] === startToken;
  return { prompt: starts ? ids : [startToken, ...ids] };
}

interface Place extends Written {
  readonly tokenizer: TextTokenizer;
  readonly template: ChatTemplate | undefined;
  readonly imageToken: number;
  readonly directory: LanguageModelDirectory;
}

/** Ids of an instruction, with as many placeholders as an image has rows. */
function placeImage(instruction: string, place: Place): readonly number[] {
  const { tokenizer, imageToken, rows, directory, image } = place;
  const placeholders = new Array<number>(rows).fill(imageToken);
  if (directory.family.placement === "without-text") return placeholders;
  const { written, placeholder } = writeInstruction(instruction, place);
  const encode = (text: string) => tokenizer.encode(text, !startsWithSymbol(text, place));
  const { placement } = directory.family;
  if (placement === "before-embeddings") return [...placeholders, ...encode(written)];
  const expanded = written.replace(placeholder, () => place.text);
  const ids = encode(expanded);
  const countIn = (some: readonly number[]) => some.filter((id) => id === imageToken).length;
  if (countIn(ids) === rows) return ids;
  if (countIn(ids) === 0 && placement === "before-text") return [...placeholders, ...ids];
  // A tokenizer may not know the image token's text when it is repeated.
  const alone = encode(written);
  const at = alone.indexOf(imageToken);
  if (at >= 0 && place.text === image.repeat(rows) && at === alone.lastIndexOf(imageToken)) {
    return [...alone.slice(0, at), ...placeholders, ...alone.slice(at + 1)];
  }
  throw unplaced(
    directory,
    `its text ${JSON.stringify(written)} holds ${
      countIn(alone)
    } image tokens ${imageToken} ("${image}")`,
    "no-image-placeholder",
  );
}

/** An instruction as the template writes it, and its placeholder for the image. */
function writeInstruction(
  instruction: string,
  { tokenizer, template, directory, image, placeholder }: Place,
): { readonly written: string; readonly placeholder: string } {
  const { family } = directory;
  const start = specialTokenTexts(tokenizer.config).bos_token ?? "";
  if (template === undefined) {
    return { written: family.text(instruction, placeholder, start), placeholder };
  }
  const mayLack = family.placement !== "in-text";
  // Templates of other makers write the image token, or what most families call it.
  const others = [image, "<image>"].filter((form) => form !== placeholder);
  const written = template(instruction, { image: placeholder, others, mayLack });
  const found = [placeholder, ...others].find((form) => written.includes(form));
  return { written, placeholder: found ?? placeholder };
}

/** Whether the start symbol is written, so that the tokenizer must not add it again. */
function startsWithSymbol(written: string, { tokenizer }: Place): boolean {
  const start = specialTokenTexts(tokenizer.config).bos_token ?? "";
  return start !== "" && written.startsWith(start);
}

/**
 * Answers of a decoder go on from the instruction, so that words want the space in front that a tokenizer
 * of the whole text would see. Answers of an encoder-decoder model are texts of their own, with the
 * special tokens that the tokenizer adds.
 */
function answerEncoder(place: Place, endToken: number): InstructionEncoder["answer"] {
  const { tokenizer, directory } = place;
  if (isEncoderDecoder(directory)) {
    const { family, config } = directory;
    const adds = family.bareAnswers?.(config) !== true;
    return (text) => {
      const ids = tokenizer.encode(text, adds);
      return ids.at(-1) === endToken ? ids.slice(0, -1) : ids;
    };
  }
  let space: string | undefined;
  return (text) => tokenizer.encode((space ??= spaceBefore(place)) + text);
}

/** Nothing where the instruction ends in white space or a special token, or the tokenizer adds a space. */
function spaceBefore(place: Place): string {
  const { tokenizer } = place;
  if (tokenizer.addsSpace) return "";
  const { written } = writeInstruction("What?", place);
  const ends = /\s$/.test(written) ||
    tokenizer.specialTokens.some((token) => written.endsWith(token));
  return ends ? "" : " ";
}

function unplaced(
  { name }: LanguageModelDirectory,
  cause: string,
  code = "model-incomplete",
): DiagnosticError {
  const message = `Cannot place the image in the text of model "${name}": ${cause}`;
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
