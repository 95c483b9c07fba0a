/**
 * Changes the scores of the next token before one is chosen: a rule for each setting, in the order
 * in which Hugging Face's `generate()` applies them.
 *
 * @module
 */
import type { GenerationSettings } from "../../models/generation_settings.ts";

/** What a rule knows besides the scores. */
export interface Said {
  /** Tokens of the prompt (of an encoder-decoder model: the start symbol) and of the answer. */
  readonly ids: readonly number[];
  /** How many of them are the answer's. */
  readonly length: number;
}

/** What all rules know of a model. */
export interface RuleContext {
  readonly endTokens: ReadonlySet<number>;
  /** Longest answer in tokens. */
  readonly maxTokens: number;
  /** First token of every answer, where it is given. */
  readonly forcedToken?: number | undefined;
}

/** Changes the scores of one row in place. */
export type LogitRule = (scores: Float32Array, said: Said) => void;

type MakeRule<T> = (value: T, context: RuleContext) => LogitRule;
type Makers = {
  readonly [Name in keyof GenerationSettings]: MakeRule<NonNullable<GenerationSettings[Name]>>;
};

/** Rules for every way of taking tokens. */
const always = {
  repetition_penalty: (penalty) => (scores, { ids }) => {
    for (const id of new Set(ids)) {
      const score = scores[id];
      if (score !== undefined) scores[id] = score < 0 ? score * penalty : score / penalty;
    }
  },
  no_repeat_ngram_size: (size) => (scores, { ids }) => {
    if (size === 0) return;
    const begun = ids.slice(ids.length - size + 1);
    for (let at = 0; at + size <= ids.length; at++) {
      if (begun.every((id, i) => ids[at + i] === id)) scores[ids[at + size - 1]!] = -Infinity;
    }
  },
  bad_words_ids: (words, { endTokens }) => (scores, { ids }) => {
    for (const word of words) {
      const [last, begun] = [word.at(-1)!, word.slice(0, -1)];
      if (word.length === 1 && endTokens.has(last)) continue;
      const start = ids.length - begun.length;
      if (start >= 0 && begun.every((id, i) => ids[start + i] === id)) scores[last] = -Infinity;
    }
  },
  min_length: (least, { endTokens }) => (scores, { ids }) => {
    if (ids.length < least) forbid(scores, endTokens);
  },
  min_new_tokens: (least, { endTokens }) => (scores, { length }) => {
    if (length < least) forbid(scores, endTokens);
  },
  forced_eos_token_id: (end, { maxTokens }) => (scores, { length }) => {
    if (length === maxTokens - 1) force(scores, [end].flat());
  },
  suppress_tokens: (tokens) => (scores) => forbid(scores, tokens),
  begin_suppress_tokens: (tokens) => (scores, { length }) => {
    if (length === 0) forbid(scores, tokens);
  },
} satisfies Makers;

/** Rules for tokens that are drawn. */
const whereDrawn = {
  temperature: (temperature) => (scores) => {
    for (let i = 0; i < scores.length; i++) scores[i]! /= temperature;
  },
  top_k: (k) => (scores) => {
    if (k === 0 || k >= scores.length) return;
    keepFrom(scores, scores.toSorted()[scores.length - k]!);
  },
  top_p: (share) => (scores) => {
    if (share >= 1) return;
    const order = scores.toSorted().reverse();
    const shares = probabilities(order);
    let [sum, kept] = [0, 0];
    while (kept < order.length && (kept === 0 || sum < share)) sum += shares[kept++]!;
    keepFrom(scores, order[kept - 1]!);
  },
  min_p: (share) => (scores) => {
    keepFrom(scores, largest(scores) + Math.log(share));
  },
} satisfies Makers;

/** The rules that settings ask for. */
export function logitRules(
  settings: GenerationSettings,
  context: RuleContext,
): readonly LogitRule[] {
  const makers: Makers = settings.do_sample ? { ...always, ...whereDrawn } : always;
  const rules = Object.entries(makers).flatMap(([name, make]) => {
    const value = settings[name as keyof GenerationSettings];
    return value === undefined ? [] : [(make as MakeRule<unknown>)(value, context)];
  });
  const { forcedToken: first } = context;
  if (first === undefined) return rules;
  return [...rules, (scores, { length }) => length === 0 ? force(scores, [first]) : undefined];
}

/** Probabilities of scores. */
export function probabilities(scores: Float32Array): Float64Array {
  const top = largest(scores);
  const powers = Float64Array.from(scores, (score) => Math.exp(score - top));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** The largest of some scores. */
export function largest(scores: Float32Array): number {
  let best = -Infinity;
  for (const score of scores) if (score > best) best = score;
  return best;
}

function forbid(scores: Float32Array, tokens: Iterable<number>): void {
  for (const token of tokens) if (token < scores.length) scores[token] = -Infinity;
}

/** Nothing but these tokens. */
function force(scores: Float32Array, tokens: readonly number[]): void {
  scores.fill(-Infinity);
  for (const token of tokens) if (token < scores.length) scores[token] = 0;
}

function keepFrom(scores: Float32Array, least: number): void {
  for (let i = 0; i < scores.length; i++) if (scores[i]! < least) scores[i] = -Infinity;
}
