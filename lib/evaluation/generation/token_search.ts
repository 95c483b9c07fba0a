/** Chooses tokens by their scores, until all answers are complete. @module */

/** Rows of scores that a model gave, one for each answer that goes on. */
export interface ScoreRows {
  /** [rows, vocabulary] */
  readonly data: ArrayLike<number>;
  readonly vocabulary: number;
}

/** The likeliest token of each row. */
export interface LikeliestTokens {
  readonly likeliest: readonly number[];
}

/** What comes next in each row. */
export interface NextTokens {
  readonly tokens: readonly number[];
  /** The row whose past each row goes on with; absent: its own. */
  readonly from?: readonly number[];
}

/** Takes tokens, step by step. */
export interface TokenSearch {
  /** Whether it needs the likeliest tokens only. */
  readonly wantsLikeliest: boolean;
  /**
   * Takes the scores of the next tokens, or only the likeliest if it needs no others.
   *
   * @returns Nothing where all answers are done.
   */
  advance(scores: ScoreRows | LikeliestTokens): NextTokens | undefined;
  /** Tokens of each answer, without the one that ended it. */
  answers(): readonly (readonly number[])[];
}

/** What a search is begun with. */
export interface SearchStart {
  /** For each answer the tokens before it. */
  readonly starts: readonly (readonly number[])[];
  /** How many of them need an answer; the others fill up a batch. */
  readonly asked: number;
  readonly endTokens: ReadonlySet<number>;
  /** Longest answer in tokens. */
  readonly maxTokens: number;
  /** Whether an answer ends for what it says. */
  readonly stops?: ((ids: readonly number[]) => boolean) | undefined;
}

/** A copy of one row. */
export function rowOf({ data, vocabulary }: ScoreRows, row: number): Float32Array {
  const start = row * vocabulary;
  if (data instanceof Float32Array) return data.slice(start, start + vocabulary);
  return Float32Array.from({ length: vocabulary }, (_, i) => data[start + i]!);
}
