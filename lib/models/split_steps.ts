/**
 * Splitting steps that the tokenizers library takes for others, as steps that it takes as they are
 * meant: what a match belongs to is put into the expression.
 *
 * @module
 */

type Json = Readonly<Record<string, unknown>>;

/** Expressions that match the pieces of a text, by what happens to a match `m`; `t` is a sign of no match. */
const pieces: Readonly<Record<string, (m: string, t: string) => string>> = {
  Removed: (_, t) => `${t}+`,
  MergedWithPrevious: (m, t) => `${t}*${m}|${t}+`,
  MergedWithNext: (m, t) => `${m}${t}*|${t}+`,
  Contiguous: (m, t) => `${m}+|${t}+`,
};

/** A pre-tokenizer in which every splitting step does what it says. */
export function withPlainSplits(step: unknown): unknown {
  const { type, pretokenizers, ...rest } = Object(step) as Json;
  if (type === "Sequence" && Array.isArray(pretokenizers)) {
    return { ...rest, type, pretokenizers: pretokenizers.map(withPlainSplits) };
  }
  const same = typeof type === "string" ? others[type]?.(rest) : undefined;
  return same !== undefined || type === "Split" ? plainSplit(same ?? step as Json) : step;
}

/** Steps that split as a Split does. */
const others: Readonly<Record<string, (step: Json) => Json>> = {
  CharDelimiterSplit: ({ delimiter }) => ({
    type: "Split",
    pattern: { String: delimiter },
    behavior: "Removed",
  }),
  Punctuation: ({ behavior = "Isolated" }) => ({
    type: "Split",
    pattern: { Regex: "[\\p{P}!-/:-@\\[-`{-~]" },
    behavior,
  }),
  Whitespace: () => ({
    type: "Split",
    pattern: { Regex: "[\\w\\u200c\\u200d]+|[^\\w\\u200c\\u200d\\s]+" },
    behavior: "Removed",
    invert: true,
  }),
};

function plainSplit(step: Json): Json {
  const { pattern, behavior, invert } = step;
  const { String: text, Regex: expression } = Object(pattern) as Json;
  const make = typeof behavior === "string" ? pieces[behavior] : undefined;
  const source = typeof text === "string" ? escaped(text) : expression;
  if (invert === true || make === undefined || typeof source !== "string" || source === "") {
    return step;
  }
  const match = `(?:${source})`;
  const Regex = make(match, `(?:(?!${match})[\\s\\S])`);
  return { ...step, pattern: { Regex }, behavior: "Removed", invert: true };
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
