/** Finds patterns in texts: the expressions of tokenizer.json, texts, and kinds of characters. @module */
import { toRegExp } from "oniguruma-to-es";
import { type Json, patternMistake, TokenizerPartError } from "./definition.ts";

/** A stretch of a text that matches, or that lies between matches. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly matches: boolean;
}

/** Cuts a text into stretches; together they are the text. */
export type Pattern = (text: string) => readonly Stretch[];

/** White space, as Unicode has it. */
export const space = /^\p{White_Space}$/u;
/** Punctuation of BERT and others: all that Unicode calls so, and the signs of ASCII. */
export const punctuation = /^[\p{P}!-/:-@[-`{-~]$/u;
/** A letter, digit or mark of a word. */
export const wordCharacter = "[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d]";

/**
 * The pattern of a step: `{ "String": TEXT }`, or `{ "Regex": TEXT }` in the syntax of Oniguruma.
 *
 * @throws {TokenizerPartError} If it is neither, or no expression.
 */
export function patternOf(fields: Json): Pattern {
  const mistake = patternMistake(fields);
  if (mistake !== undefined) throw new TokenizerPartError(mistake);
  const { String: text, Regex: expression } = fields.pattern as Json;
  return expressionPattern(
    typeof text === "string"
      ? new RegExp(RegExp.escape(text), "gu")
      : compiled(expression as string),
  );
}

/** Oniguruma's characters of words, inside of brackets; outside, old fractions and powers belong to them. */
const wordSet = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";
const oldWordSet = `${wordSet}²³¹¼½¾`;
const wordEscapes = (set: string): Readonly<Record<string, string>> => ({
  "\\w": `[${set}]`,
  "\\W": `[^${set}]`,
});
const inBrackets = wordEscapes(wordSet);
const outside: Readonly<Record<string, string>> = {
  ...wordEscapes(oldWordSet),
  "\\b": `(?:(?<![${oldWordSet}])(?=[${oldWordSet}])|(?<=[${oldWordSet}])(?![${oldWordSet}]))`,
};

/** An expression with Oniguruma's words spelt out, which the library takes for others. */
function withWords(expression: string): string {
  let depth = 0;
  return expression.replaceAll(/\\[^]|[[\]]/gu, (part) => {
    if (part === "[") depth++;
    else if (part === "]") depth = Math.max(0, depth - 1);
    return (depth > 0 ? inBrackets : outside)[part] ?? part;
  });
}

/** Characters of an expression in a message. */
const longestShown = 200;

/** Rust's tokenizers compile with Oniguruma, whose syntax is not that of JavaScript. */
function compiled(expression: string): RegExp {
  try {
    return toRegExp(withWords(expression), { global: true, rules: { allowOrphanBackrefs: true } });
  } catch (error) {
    const cause = error instanceof RangeError
      ? "it is nested too deeply"
      : (error as Error).message;
    const shown = JSON.stringify(expression.slice(0, longestShown));
    throw new TokenizerPartError(`its expression ${shown} cannot be read: ${cause}`);
  }
}

/** The matches of an expression with the flag `g`. */
export function expressionPattern(expression: RegExp): Pattern {
  return (text) => {
    // Not even an empty match is in an empty text.
    if (text === "") return [];
    const found: Stretch[] = [];
    let last: number | undefined;
    let end = 0;
    for (const match of text.matchAll(expression)) {
      const stop = match.index + match[0].length;
      // An empty match where the last one ended is no match of its own.
      if (stop === match.index && last === stop) continue;
      last = stop;
      if (end < match.index) found.push({ start: end, end: match.index, matches: false });
      found.push({ start: match.index, end: stop, matches: true });
      end = stop;
    }
    if (end < text.length) found.push({ start: end, end: text.length, matches: false });
    return found;
  };
}

/** Single characters, by an expression that matches one. */
export function characterPattern(character: RegExp): Pattern {
  return expressionPattern(new RegExp(character.source.slice(1, -1), "gu"));
}

/** What matches is what lies between, and the other way round. */
export function inverted(pattern: Pattern): Pattern {
  return (text) =>
    pattern(text).map(({ start, end, matches }) => ({ start, end, matches: !matches }));
}

/** A text with something else for each match. */
export function replaced(text: string, pattern: Pattern, content: string): string {
  return pattern(text).map(({ start, end, matches }) => matches ? content : text.slice(start, end))
    .join("");
}
