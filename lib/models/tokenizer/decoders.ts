/** Decoders of tokenizer.json: tokens to text. A new one is a row here. @module */
import { bytesOfToken, strictTextOfBytes, textOfBytes } from "./byte_level.ts";
import { countOf, flagOf, type Json, listOf, type Maker, makeStep, textOf } from "./definition.ts";
import { patternOf, replaced } from "./pattern.ts";

/** Texts to texts; joined they are the answer. */
export type Decoder = (tokens: readonly string[]) => readonly string[];

const makers: Readonly<Record<string, Maker<Decoder>>> = {
  ByteLevel: () => (tokens) => [textOfBytes(tokens.map(bytesOfToken))],
  ByteFallback: () => withBytes,
  Fuse: () => (tokens) => [tokens.join("")],
  WordPiece: wordPiece,
  Metaspace: metaspace,
  BPEDecoder: (fields) => {
    const suffix = textOf(fields, "suffix", "</w>");
    return (tokens) =>
      tokens.map((token, i) => token.replaceAll(suffix, i === tokens.length - 1 ? "" : " "));
  },
  Replace: (fields) => {
    const [pattern, content] = [patternOf(fields), textOf(fields, "content")];
    return (tokens) => tokens.map((token) => replaced(token, pattern, content));
  },
  Strip: stripper,
  CTC: ctc,
  Sequence: (fields) => {
    const steps = listOf(fields, "decoders").map((step) => makeStep("decoder", makers, step));
    return (tokens) => steps.reduce((value, step) => step(value), tokens);
  },
};

/** Makes a decoder; without a definition, tokens are joined with spaces. */
export function makeDecoder(fields: Json | null): Decoder {
  return fields === null ? (tokens) => [tokens.join(" ")] : makeStep("decoder", makers, fields);
}

const cleanings: readonly [string, string][] = [
  [" .", "."],
  [" ?", "?"],
  [" !", "!"],
  [" ,", ","],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" do not", " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

/** English without spaces before its signs. */
export function cleanedUp(text: string, { contracts = false } = {}): string {
  return cleanings.filter(([from]) => contracts || from !== " do not")
    .reduce((value, [from, to]) => value.replaceAll(from, to), text);
}

function wordPiece(fields: Json): Decoder {
  const prefix = textOf(fields, "prefix", "##");
  const cleans = flagOf(fields, "cleanup", true);
  const joined = (token: string) =>
    token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`;
  return (tokens) =>
    tokens.map((token, i) => {
      const text = i === 0 ? token : joined(token);
      return cleans ? cleanedUp(text, { contracts: true }) : text;
    });
}

function metaspace(fields: Json): Decoder {
  const mark = textOf(fields, "replacement", "▁");
  const { prepend_scheme: scheme, add_prefix_space: prefixes } = fields;
  const drops = typeof scheme === "string" ? scheme !== "never" : prefixes !== false;
  return (tokens) =>
    tokens.map((token, i) => token.replaceAll(mark, () => i === 0 && drops ? "" : " "));
}

/** Tokens such as `<0x0A>` as text; bytes that are no text become � each. */
function withBytes(tokens: readonly string[]): readonly string[] {
  const texts: string[] = [];
  let bytes: number[] = [];
  const flush = (): void => {
    const text = strictTextOfBytes(bytes);
    if (text === undefined) { for (const _ of bytes) texts.push("\ufffd"); }
    else texts.push(text);
    bytes = [];
  };
  for (const token of tokens) {
    const hex = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
    if (hex !== undefined) bytes.push(parseInt(hex, 16));
    else {
      flush();
      texts.push(token);
    }
  }
  flush();
  return texts;
}

function stripper(fields: Json): Decoder {
  const content = textOf(fields, "content");
  const [start, stop] = [countOf(fields, "start", 0), countOf(fields, "stop", 0)];
  return (tokens) =>
    tokens.map((token) => {
      const characters = Array.from(token);
      let [from, to] = [0, characters.length];
      while (from < Math.min(start, characters.length) && characters[from] === content) from++;
      while (to > from && characters.length - to < stop && characters[to - 1] === content) to--;
      return characters.slice(from, to).join("");
    });
}

/** Of a speech recogniser: tokens that follow themselves count once, and padding is left out. */
function ctc(fields: Json): Decoder {
  const padding = textOf(fields, "pad_token", "<pad>");
  const delimiter = textOf(fields, "word_delimiter_token", "|");
  const cleans = flagOf(fields, "cleanup", true);
  return (tokens) =>
    tokens.filter((token, i) => token !== tokens[i - 1])
      .map((token) => token.replaceAll(padding, ""))
      .map((text) =>
        cleans ? cleanedUp(text, { contracts: true }).replaceAll(delimiter, " ") : text
      );
}
