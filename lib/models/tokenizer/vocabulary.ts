/** Tokens and their numbers. @module */
import { type Json, TokenizerPartError } from "./definition.ts";

/** Tokens by number, and numbers by token. */
export interface Vocabulary {
  readonly ids: ReadonlyMap<string, number>;
  idOf(token: string): number | undefined;
  tokenOf(id: number): string | undefined;
}

/** A piece of text to ids. */
export interface TokenModel extends Pick<Vocabulary, "idOf" | "tokenOf"> {
  /** @throws {TokenizerPartError} If it has no token for a part of it, nor one for unknown text. */
  ids(piece: string): readonly number[];
}

/** The vocabulary of a model that lists it as `{ TOKEN: NUMBER }`. */
export function vocabularyOf({ vocab }: Json): Vocabulary {
  return vocabulary(Object.entries(vocab as Readonly<Record<string, number>>));
}

/** A vocabulary of pairs; of several numbers of a token the last one counts. */
export function vocabulary(entries: Iterable<readonly [string, number]>): Vocabulary {
  const ids = new Map(entries);
  const tokens = new Map(Array.from(ids, ([token, id]) => [id, token]));
  return { ids, idOf: (token) => ids.get(token), tokenOf: (id) => tokens.get(id) };
}

/** A piece without a token, in a vocabulary without a token for unknown text. */
export class UnknownPieceError extends TokenizerPartError {
  constructor(piece: string) {
    super(`it has no number for ${JSON.stringify(piece)} and it has no token for unknown text`);
  }
}
