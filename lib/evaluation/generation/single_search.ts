/** Generates one answer per row: takes the likeliest token at each step, or draws one. @module */
import { Random } from "../../tensor/random.ts";
import { type LogitRule, probabilities, type Said } from "./logit_rules.ts";
import type {
  LikeliestTokens,
  NextTokens,
  ScoreRows,
  SearchStart,
  TokenSearch,
} from "./token_search.ts";
import { rowOf } from "./token_search.ts";

/** How tokens are taken. */
export interface SingleOptions extends SearchStart {
  readonly rules: readonly LogitRule[];
  /** Where tokens are drawn: a seed for each row, so that a row's answer does not depend on its batch. */
  readonly seeds?: readonly string[] | undefined;
}

/** Takes one token a row and step. */
export class SingleSearch implements TokenSearch {
  readonly #options: SingleOptions;
  readonly #answers: number[][];
  readonly #running: Set<number>;
  readonly #randoms: readonly Random[] | undefined;

  constructor(options: SingleOptions) {
    this.#options = options;
    this.#answers = options.starts.map(() => []);
    this.#running = new Set(Array.from({ length: options.asked }, (_, row) => row));
    this.#randoms = options.seeds?.map((seed) => new Random(seed));
  }

  get wantsLikeliest(): boolean {
    return this.#options.rules.length === 0 && this.#randoms === undefined;
  }

  advance(scores: ScoreRows | LikeliestTokens): NextTokens | undefined {
    const { endTokens, maxTokens, stops } = this.#options;
    const tokens = this.#answers.map((_, row) =>
      this.#running.has(row) ? this.#take(scores, row) : 0
    );
    for (const row of this.#running) {
      const answer = this.#answers[row]!;
      const token = tokens[row]!;
      if (endTokens.has(token)) this.#running.delete(row);
      else answer.push(token);
      if (answer.length === maxTokens || stops?.(answer)) this.#running.delete(row);
    }
    return this.#running.size === 0 ? undefined : { tokens };
  }

  answers(): readonly (readonly number[])[] {
    return this.#answers;
  }

  #take(scores: ScoreRows | LikeliestTokens, row: number): number {
    if ("likeliest" in scores) return scores.likeliest[row]!;
    const { rules, starts } = this.#options;
    const random = this.#randoms?.[row];
    const own = rowOf(scores, row);
    const answer = this.#answers[row]!;
    const said: Said = { ids: [...starts[row]!, ...answer], length: answer.length };
    for (const rule of rules) rule(own, said);
    return random === undefined
      ? likeliest({ data: own, vocabulary: own.length }, 0)
      : drawn(own, random);
  }
}

/** The first of the largest. */
function likeliest({ data, vocabulary }: ScoreRows, row: number): number {
  const start = row * vocabulary;
  let best = start;
  for (let i = start + 1; i < start + vocabulary; i++) if (data[i]! > data[best]!) best = i;
  return best - start;
}

function drawn(scores: Float32Array, random: Random): number {
  const shares = probabilities(scores);
  let rest = random.uniform();
  let last = 0;
  for (let i = 0; i < shares.length; i++) {
    if (shares[i] === 0) continue;
    last = i;
    rest -= shares[i]!;
    if (rest < 0) return i;
  }
  return last;
}
