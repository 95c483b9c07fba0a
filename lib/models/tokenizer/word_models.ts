/** WordLevel, whose tokens are whole pieces, and WordPiece, whose longest beginnings are (BERT). @module */
import { countOf, type Json, optionalText, textOf } from "./definition.ts";
import { type TokenModel, UnknownPieceError, type Vocabulary, vocabularyOf } from "./vocabulary.ts";

/** A token for a piece, or the one for unknown text. */
export function wordLevel(fields: Json): TokenModel {
  const vocabulary = vocabularyOf(fields);
  const unknown = unknownRule(fields, vocabulary, "<unk>");
  return { ...vocabulary, ids: (piece) => [vocabulary.idOf(piece) ?? unknown(piece)] };
}

/** The longest token that a piece begins with, then that of its rest. */
export function wordPiece(fields: Json): TokenModel {
  const vocabulary = vocabularyOf(fields);
  const unknown = unknownRule(fields, vocabulary, "[UNK]");
  const prefix = textOf(fields, "continuing_subword_prefix", "##");
  const most = countOf(fields, "max_input_chars_per_word", 100);
  return {
    ...vocabulary,
    ids: (piece) => {
      const characters = Array.from(piece);
      const found = characters.length > most ? undefined : longest(characters, prefix, vocabulary);
      return found ?? [unknown(piece)];
    },
  };
}

function longest(
  characters: readonly string[],
  prefix: string,
  { idOf }: Vocabulary,
): readonly number[] | undefined {
  const ids: number[] = [];
  for (let start = 0; start < characters.length;) {
    const idUpTo = (end: number) =>
      idOf((start > 0 ? prefix : "") + characters.slice(start, end).join(""));
    let end = characters.length;
    while (end > start && idUpTo(end) === undefined) end--;
    if (end === start) return undefined;
    ids.push(idUpTo(end)!);
    start = end;
  }
  return ids;
}

/** The number of the token for unknown text. */
function unknownRule(
  fields: Json,
  { idOf }: Vocabulary,
  absent: string,
): (piece: string) => number {
  const id = idOf(optionalText(fields, "unk_token") ?? absent);
  return (piece) => {
    if (id === undefined) throw new UnknownPieceError(piece);
    return id;
  };
}
