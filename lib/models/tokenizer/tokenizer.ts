/**
 * Tokenizers as tokenizer.json describes them, step by step as Hugging Face's Rust library takes
 * them: added tokens, normalizer, pre-tokenizer, model, post-processor; and a decoder back.
 *
 * @module
 */
import type { Section } from "./added_tokens.ts";
import { addedVocabulary } from "./added_vocabulary.ts";
import { cleanedUp, makeDecoder } from "./decoders.ts";
import type { Json } from "./definition.ts";
import { makeNormalizer } from "./normalizers.ts";
import { makePostProcessor } from "./post_processors.ts";
import { makePreTokenizer } from "./pre_tokenizers.ts";
import type { Piece } from "./split.ts";
import { makeModel } from "./token_model.ts";

/** Turns text into ids and back. */
export interface Tokenizer {
  /**
   * Ids of a text.
   *
   * @param adds Whether the post-processor adds special tokens.
   */
  encode(text: string, adds: boolean): readonly number[];
  /** Text of ids, without special tokens; numbers without a token are left out. */
  decode(ids: readonly number[]): string;
  idOf(token: string): number | undefined;
  tokenOf(id: number): string | undefined;
}

/**
 * Makes a tokenizer.
 *
 * @param definition Content of tokenizer.json. Its truncation and padding are not applied, as
 * Hugging Face's transformers does not apply them either.
 * @param cleansUp Whether decoded English is freed of spaces before its signs.
 * @throws {TokenizerPartError} If a part cannot be read.
 */
export function makeTokenizer(definition: Json, cleansUp = false): Tokenizer {
  const part = (name: string) => (definition[name] ?? null) as Json | null;
  const model = makeModel(definition.model as Json);
  const normalize = makeNormalizer(part("normalizer"));
  const preTokenize = makePreTokenizer(part("pre_tokenizer"));
  const postProcess = makePostProcessor(part("post_processor"));
  const decode = makeDecoder(part("decoder"));
  const added = addedVocabulary(definition, model.idOf, normalize);
  const idsOf = (section: Section): readonly number[] =>
    "id" in section ? [section.id] : withText(withText([section]).flatMap(preTokenize))
      .flatMap(({ text }) => model.ids(text));
  const tokenOf = (id: number) => added.tokenOf(id) ?? model.tokenOf(id);
  return {
    encode: (text, adds) => {
      const ids = added.sections(text.toWellFormed()).flatMap(idsOf);
      return adds ? postProcess(ids) : ids;
    },
    decode: (ids) => {
      const tokens = ids.map(tokenOf).filter((token) => token !== undefined);
      const text = decode(tokens.filter((token) => !added.isSpecial(token))).join("");
      return cleansUp ? cleanedUp(text) : text;
    },
    idOf: (token) => added.idOf(token) ?? model.idOf(token),
    tokenOf,
  };
}

function withText(pieces: readonly Piece[]): readonly Piece[] {
  return pieces.filter(({ text }) => text !== "");
}
