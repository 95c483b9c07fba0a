/** The models of tokenizer.json: a piece of text to ids. A new one is a file and a row here. @module */
import { bytePair } from "./byte_pair.ts";
import { type Json, makeStep } from "./definition.ts";
import { unigram } from "./unigram.ts";
import type { TokenModel } from "./vocabulary.ts";
import { wordLevel, wordPiece } from "./word_models.ts";

const models = {
  BPE: bytePair,
  Unigram: unigram,
  WordPiece: wordPiece,
  WordLevel: wordLevel,
} satisfies Readonly<Record<string, (fields: Json) => TokenModel>>;

/**
 * Makes a model. Old files do not name its type, which its fields show.
 *
 * @throws {TokenizerPartError} If it has a type that is not known.
 */
export function makeModel(fields: Json): TokenModel {
  const { type, merges, vocab } = fields;
  if (type !== undefined) return makeStep("model", models, fields);
  if (merges !== undefined) return bytePair(fields);
  if (Array.isArray(vocab)) return unigram(fields);
  return fields.max_input_chars_per_word === undefined ? wordLevel(fields) : wordPiece(fields);
}
