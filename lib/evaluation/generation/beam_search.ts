/**
 * Beam search as Hugging Face's `generate()` does it: of all continuations of the beams of an image
 * the likeliest go on, and answers that end are ranked by their score for their length.
 *
 * @module
 */
import { largest, type LogitRule } from "./logit_rules.ts";
import {
  type NextTokens,
  rowOf,
  type ScoreRows,
  type SearchStart,
  type TokenSearch,
} from "./token_search.ts";

/** How beams are kept. */
export interface BeamOptions extends SearchStart {
  readonly rules: readonly LogitRule[];
  readonly beams: number;
  /** Power of the length that a score is divided by. */
  readonly lengthPenalty: number;
  readonly earlyStopping: boolean | "never";
}

/** An answer so far, and the sum of the log-probabilities of its tokens. */
interface Beam {
  readonly ids: readonly number[];
  readonly score: number;
  /** Row of the scores that it went on from. */
  readonly row: number;
}

interface Candidate extends Beam {
  readonly ended: boolean;
}

/** Some beams for each image; their rows lie side by side. */
export class BeamSearch implements TokenSearch {
  readonly wantsLikeliest = false;
  readonly #options: BeamOptions;
  readonly #searches: readonly ImageSearch[];

  constructor(options: BeamOptions) {
    this.#options = options;
    this.#searches = options.starts.map((_, i) => new ImageSearch(options, i));
  }

  advance(scores: ScoreRows): NextTokens | undefined {
    const { beams } = this.#options;
    const asked = this.#searches.slice(0, this.#options.asked);
    for (const search of asked) if (!search.done) search.advance(scores);
    if (asked.every((search) => search.done)) return undefined;
    const rows = this.#searches.flatMap((search, i) =>
      search.running.map(({ ids, row }) => ({ token: ids.at(-1) ?? 0, row: row + i * beams }))
    );
    return { tokens: rows.map(({ token }) => token), from: rows.map(({ row }) => row) };
  }

  answers(): readonly (readonly number[])[] {
    const { endTokens } = this.#options;
    return this.#searches.map(({ best }) =>
      endTokens.has(best.at(-1) ?? -1) ? best.slice(0, -1) : best
    );
  }
}

/** The beams of one image. */
class ImageSearch {
  readonly #options: BeamOptions;
  readonly #place: number;
  /** Answers that ended, the best one first, with their scores for their lengths. */
  #ended: readonly Beam[] = [];
  #improves = true;
  #stuck = false;
  running: readonly Beam[];

  constructor(options: BeamOptions, place: number) {
    this.#options = options;
    this.#place = place;
    // All beams are the same at first: only one of them counts.
    this.running = Array.from({ length: options.beams }, (_, row) => ({
      ids: [],
      score: row === 0 ? 0 : -1e9,
      row,
    }));
  }

  /** Beams of images that are done go on unread until all are. */
  get done(): boolean {
    const full = this.#ended.length === this.#options.beams;
    return !this.#improves || this.#stuck || (full && this.#options.earlyStopping === true);
  }

  get best(): readonly number[] {
    return (this.#ended[0] ?? this.running[0]!).ids;
  }

  advance(scores: ScoreRows): void {
    const { beams, lengthPenalty } = this.#options;
    const found = this.#candidates(scores);
    const length = found[0]!.ids.length;
    const running = found.filter(({ ended }) => !ended).slice(0, beams);
    this.#stuck = running.length < beams;
    this.running = this.#stuck ? found.slice(0, beams) : running;
    // Further candidates are only there so that each beam has something to go on with.
    const ended = found.slice(0, beams).filter((candidate) => candidate.ended)
      .map((beam) => ({ ...beam, score: beam.score / length ** lengthPenalty }));
    this.#ended = [...this.#ended, ...ended].toSorted((a, b) => b.score - a.score).slice(0, beams);
    this.#improves &&= this.#mayImprove(length);
  }

  /** Whether a running beam may still become better than the worst that ended. */
  #mayImprove(length: number): boolean {
    const { beams, earlyStopping, lengthPenalty, maxTokens } = this.#options;
    if (this.#ended.length < beams) return true;
    const longest = earlyStopping === "never" && lengthPenalty > 0 ? maxTokens : length;
    const hoped = this.running[0]!.score / longest ** lengthPenalty;
    return hoped > this.#ended.at(-1)!.score;
  }

  /** The likeliest continuations, more than there are beams, as some end. */
  #candidates(scores: ScoreRows): readonly Candidate[] {
    const { beams, endTokens, maxTokens, stops } = this.#options;
    const best = new Best(Math.max(2, 1 + endTokens.size) * beams);
    this.running.forEach((beam, i) => {
      const logProbs = this.#logProbs(scores, beam, i);
      for (let token = 0; token < logProbs.length; token++) {
        best.offer(Math.fround(beam.score + logProbs[token]!), i, token);
      }
    });
    return best.entries.map(({ score, beam, token }) => {
      const ids = [...this.running[beam]!.ids, token];
      const ended = endTokens.has(token) || ids.length === maxTokens || (stops?.(ids) ?? false);
      return { ids, score, row: beam, ended };
    });
  }

  #logProbs(scores: ScoreRows, { ids }: Beam, i: number): Float32Array {
    const { rules, beams, starts } = this.#options;
    const own = rowOf(scores, this.#place * beams + i);
    const top = largest(own);
    let sum = 0;
    for (const score of own) sum += Math.exp(score - top);
    const shift = top + Math.log(sum);
    for (let token = 0; token < own.length; token++) own[token]! -= shift;
    const said = { ids: [...starts[this.#place]!, ...ids], length: ids.length };
    for (const rule of rules) rule(own, said);
    return own;
  }
}

interface Entry {
  readonly score: number;
  readonly beam: number;
  readonly token: number;
}

/** The best of many, in order; of equal ones the first. */
class Best {
  readonly entries: Entry[] = [];
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  offer(score: number, beam: number, token: number): void {
    const { entries } = this;
    if (entries.length === this.#max && !(score > entries.at(-1)!.score)) return;
    let at = entries.length;
    while (at > 0 && entries[at - 1]!.score < score) at--;
    entries.splice(at, 0, { score, beam, token });
    if (entries.length > this.#max) entries.pop();
  }
}
