/** The vocabulary of added tokens, and where they are in a text. @module */
import { type AddedToken, type Section, tokenFinder } from "./added_tokens.ts";
import type { Json } from "./definition.ts";
import type { Normalizer } from "./normalizers.ts";
import type { Piece } from "./split.ts";

/** Added tokens by number and text. */
export interface AddedVocabulary {
  /** Cuts a text at added tokens: first as it is, then what is left of it in its normalized form. */
  sections(text: string): readonly Section[];
  idOf(token: string): number | undefined;
  tokenOf(id: number): string | undefined;
  isSpecial(token: string): boolean;
}

/**
 * Reads `added_tokens`.
 *
 * @param idOf Number of a token in the model's vocabulary, which counts where it has one.
 */
export function addedVocabulary(
  { added_tokens: list }: Json,
  idOf: (token: string) => number | undefined,
  normalize: Normalizer,
): AddedVocabulary {
  const tokens = ((list ?? []) as readonly AddedToken[]).map((token) => ({
    ...token,
    id: idOf(token.content) ?? token.id,
  }));
  // A token that is looked for in normalized text is written as it is found there.
  const shown = (token: AddedToken) =>
    isNormalized(token) ? normalize(token.content) : token.content;
  const finder = (some: readonly AddedToken[]) =>
    tokenFinder(some.map((token) => [shown(token), token]));
  const inText = finder(tokens.filter((token) => !isNormalized(token)));
  const inNormalized = finder(tokens.filter(isNormalized));
  const byId = new Map(tokens.map((token) => [token.id, shown(token)]));
  const byText = new Map(tokens.map(({ content, id }) => [content, id]));
  const special = new Set(tokens.filter((token) => token.special).map(({ content }) => content));
  return {
    sections: (text) =>
      inText({ text, first: true }).flatMap((section) =>
        "id" in section ? [section] : inNormalized(normalized(section, normalize))
      ),
    idOf: (token) => byText.get(token),
    tokenOf: (id) => byId.get(id),
    isSpecial: (token) => special.has(token),
  };
}

/** Whether a token is looked for in normalized text. */
function isNormalized({ normalized, special }: AddedToken): boolean {
  return normalized ?? special !== true;
}

/** A piece that loses its first character no longer begins where the text began. */
function normalized({ text, first }: Piece, normalize: Normalizer): Piece {
  const start = String.fromCodePoint(text.codePointAt(0) ?? 0);
  return { text: normalize(text), first: first && (text === "" || normalize(start) !== "") };
}
