/**
 * The schemas of a model's JSON files: the fields that are read here, all of which may be absent or
 * null. Other fields pass, because every family has its own. A schema's message says what was
 * expected.
 *
 * @module
 */
import { z } from "zod";

/** Most rows of image features per image: about four times what models of 2026 take. */
export const maxImageTokens = 2 ** 16;

const text = z.string("a text");
const flag = z.boolean("true or false");
const rows = whole(1, maxImageTokens);
/** −1 represents "none" in some files. */
const tokenId = whole(-1, 2 ** 31 - 1);
const tokenIds = z.union(
  [tokenId, z.array(tokenId)],
  "the number of a token, or a list of them",
).nullish();

function whole(least: number, most: number): z.ZodInt {
  const words = `a whole number from ${least} to ${most}`;
  return z.int(words).min(least, words).max(most, words);
}

function object<T extends z.ZodRawShape>(shape: T) {
  return z.looseObject(shape, "an object, as in { }");
}

const anyObject = object({}).nullish();

const specialIds = {
  eos_token_id: tokenIds,
  pad_token_id: tokenIds,
  bos_token_id: tokenIds,
  decoder_start_token_id: tokenIds,
};

/** config.json */
export const configSchema = object({
  ...specialIds,
  model_type: text.nullish(),
  image_token_index: tokenId.nullish(),
  image_token_id: tokenId.nullish(),
  image_seq_length: rows.nullish(),
  num_query_tokens: rows.nullish(),
  use_decoder_only_language_model: flag.nullish(),
  text_config: object({
    ...specialIds,
    model_type: text.nullish(),
    num_image_tokens: rows.nullish(),
  }).nullish(),
  vision_config: object({ num_image_tokens: rows.nullish() }).nullish(),
});

/** generation_config.json */
export const generationSchema = object(specialIds);

/** preprocessor_config.json; what the processor does checks its fields. */
export const preprocessorSchema = object({});

/** processor_config.json */
export const processorSchema = object({ image_processor: anyObject });

/** chat_template.json */
export const chatTemplateSchema = object({});

/** A special token is written as text or with its properties. */
const specialToken = z.union(
  [text, object({ content: text })],
  'a text, or an object with a text "content"',
).nullish();

/** tokenizer_config.json, and special_tokens_map.json. */
export const tokenizerConfigSchema = object({
  bos_token: specialToken,
  eos_token: specialToken,
  unk_token: specialToken,
  sep_token: specialToken,
  pad_token: specialToken,
  cls_token: specialToken,
  mask_token: specialToken,
  added_tokens_decoder: z.record(
    z.string(),
    object({ content: text }),
    "an object of tokens, each with a number as key",
  ).nullish(),
});

/** added_tokens.json */
export const addedTokensSchema = z.record(
  z.string(),
  whole(0, 2 ** 31 - 1),
  "an object of tokens and their numbers",
);

/** tokenizer.json; the tokenizer itself checks its parts. */
export const tokenizerSchema = object({
  model: object({}),
  normalizer: anyObject,
  pre_tokenizer: anyObject,
  post_processor: anyObject,
  decoder: anyObject,
  added_tokens: z.array(
    object({ id: whole(0, 2 ** 31 - 1), content: text }),
    "a list of tokens",
  ).nullish(),
});
