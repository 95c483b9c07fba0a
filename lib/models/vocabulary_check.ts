/**
 * Checks that the parts of a tokenizer's vocabulary fit together, as the tokenizers library
 * demands.
 *
 * @module
 */
import type { Json } from "./tokenizer/definition.ts";

/** What is wrong with the vocabulary of a tokenizer.json; undefined where all is well. */
export function vocabularyMistake(definition: Json): string | undefined {
  const model = definition.model as Json;
  if (Array.isArray(model.vocab)) return piecesMistake(model.vocab, model.unk_id);
  if (typeof model.vocab !== "object" || model.vocab === null) {
    return `model.vocab is ${
      JSON.stringify(model.vocab) ?? "absent"
    }, expected an object or a list`;
  }
  const vocabulary = model.vocab as Json;
  const odd = Object.entries(vocabulary).find(([, id]) => !isTokenId(id));
  if (odd) return `the number of token ${JSON.stringify(odd[0])} is ${JSON.stringify(odd[1])}`;
  const added = (definition.added_tokens ?? []) as readonly { readonly content: string }[];
  const known = (token: string) =>
    Object.hasOwn(vocabulary, token) || added.some(({ content }) => content === token);
  const unknown = model.unk_token || undefined;
  if (unknown !== undefined && !(typeof unknown === "string" && known(unknown))) {
    return `its token for unknown text, ${JSON.stringify(unknown)}, is not in its vocabulary`;
  }
  return mergeMistake(model, (token) => Object.hasOwn(vocabulary, token));
}

/** A Unigram vocabulary is a list of pieces with their log-probabilities. */
function piecesMistake(pieces: readonly unknown[], unknown: unknown): string | undefined {
  const odd = pieces.findIndex((piece) =>
    !(Array.isArray(piece) && typeof piece[0] === "string" && typeof piece[1] === "number")
  );
  if (odd >= 0) {
    return `model.vocab[${odd}] is ${JSON.stringify(pieces[odd])}, expected [text, number]`;
  }
  if (unknown === undefined || unknown === null) return undefined;
  if (isTokenId(unknown) && Number(unknown) < pieces.length) return undefined;
  return `model.unk_id is ${
    JSON.stringify(unknown)
  }, expected a place in its list of ${pieces.length}`;
}

/** Merges of byte-pair encoding make tokens of tokens. */
function mergeMistake(model: Json, known: (token: string) => boolean): string | undefined {
  const { merges = null, continuing_subword_prefix: prefix = null } = model;
  if (merges === null) return undefined;
  if (!Array.isArray(merges)) return `model.merges is ${JSON.stringify(merges)}, expected a list`;
  const skip = typeof prefix === "string" ? prefix.length : 0;
  const odd = merges.find((merge) => {
    const pair: unknown = typeof merge === "string" ? merge.split(" ") : merge;
    if (!Array.isArray(pair) || pair.length !== 2) return true;
    const [left, right] = pair;
    return typeof left !== "string" || typeof right !== "string" ||
      ![left, right, left + right.slice(skip)].every(known);
  });
  return odd === undefined
    ? undefined
    : `its merge ${JSON.stringify(odd)} is not a pair of tokens that makes another one`;
}

function isTokenId(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 31;
}
