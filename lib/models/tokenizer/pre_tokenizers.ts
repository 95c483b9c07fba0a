/** Pre-tokenizers of tokenizer.json: pieces to smaller ones. A new one is a row here. @module */
import { bytesAsText } from "./byte_level.ts";
import { countOf, flagOf, type Json, listOf, type Maker, makeStep, textOf } from "./definition.ts";
import {
  characterPattern,
  expressionPattern,
  inverted,
  type Pattern,
  patternOf,
  punctuation,
  space,
  wordCharacter,
} from "./pattern.ts";
import { splitScripts } from "./scripts.ts";
import { type Behavior, behaviorOf, type Piece, splitPiece } from "./split.ts";

/** A piece to pieces. */
export type PreTokenizer = (piece: Piece) => readonly Piece[];

const splitter = (pattern: Pattern, behavior: Behavior): PreTokenizer => (piece) =>
  splitPiece(piece, pattern, behavior);

const spaces = characterPattern(space);
const words = expressionPattern(
  new RegExp(`${wordCharacter}+|[^${wordCharacter.slice(1, -1)}\\p{White_Space}]+`, "gu"),
);

const makers: Readonly<Record<string, Maker<PreTokenizer>>> = {
  ByteLevel: byteLevel,
  Metaspace: metaspace,
  Whitespace: () => splitter(inverted(words), "Removed"),
  WhitespaceSplit: () => splitter(spaces, "Removed"),
  BertPreTokenizer: () =>
    inTurn([splitter(spaces, "Removed"), splitter(characterPattern(punctuation), "Isolated")]),
  Punctuation: (fields) => splitter(characterPattern(punctuation), behaviorOf(fields, "Isolated")),
  Digits: (fields) =>
    splitter(
      characterPattern(/^\p{N}$/u),
      flagOf(fields, "individual_digits", false) ? "Isolated" : "Contiguous",
    ),
  Split: (fields) => {
    const pattern = patternOf(fields);
    const inverts = flagOf(fields, "invert", false);
    return splitter(inverts ? inverted(pattern) : pattern, behaviorOf(fields));
  },
  CharDelimiterSplit: (fields) =>
    splitter(patternOf({ ...fields, pattern: { String: fields.delimiter } }), "Removed"),
  UnicodeScripts: () => splitScripts,
  FixedLength: (fields) => {
    const length = Math.max(1, countOf(fields, "length", 5));
    return splitter(expressionPattern(new RegExp(`[^]{1,${length}}`, "gu")), "Isolated");
  },
  Sequence: (fields) => inTurn(listOf(fields, "pretokenizers").map(makePreTokenizer)),
};

/** Makes a pre-tokenizer; none keeps pieces whole. @throws {TokenizerPartError} If it cannot be read. */
export function makePreTokenizer(fields: Json | null): PreTokenizer {
  return fields === null ? (piece) => [piece] : makeStep("pre_tokenizer", makers, fields);
}

function inTurn(steps: readonly PreTokenizer[]): PreTokenizer {
  return (piece) =>
    steps.reduce<readonly Piece[]>(
      (pieces, step) => pieces.flatMap(step).filter(({ text }) => text !== ""),
      [piece],
    );
}

/** GPT-2's words: with the space before them. */
const gpt2 = expressionPattern(
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu,
);

function byteLevel(fields: Json): PreTokenizer {
  const prefixes = flagOf(fields, "add_prefix_space", true);
  const splits = flagOf(fields, "use_regex", true);
  return ({ text, first }) => {
    const whole = { text: prefixes && !text.startsWith(" ") ? ` ${text}` : text, first };
    const pieces = splits ? splitPiece(whole, gpt2, "Isolated") : [whole];
    return pieces.map((piece) => ({ ...piece, text: bytesAsText(piece.text) }));
  };
}

/** When a space is put in front; older files have a flag for it. */
function prependScheme(fields: Json): string {
  if (typeof fields.prepend_scheme === "string") return fields.prepend_scheme.toLowerCase();
  return flagOf(fields, "add_prefix_space", true) ? "always" : "never";
}

function metaspace(fields: Json): PreTokenizer {
  const mark = textOf(fields, "replacement", "▁");
  const scheme = prependScheme(fields);
  const pattern = patternOf({ type: "Metaspace", pattern: { String: mark } });
  const splits = flagOf(fields, "split", true);
  return ({ text, first }) => {
    const marked = text.replaceAll(" ", () => mark);
    const prepends = scheme === "always" || (scheme === "first" && first);
    const whole = { text: prepends && !marked.startsWith(mark) ? mark + marked : marked, first };
    return splits ? splitPiece(whole, pattern, "MergedWithNext") : [whole];
  };
}
