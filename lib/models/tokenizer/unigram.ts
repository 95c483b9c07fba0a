/** The unigram model: of all ways to cut a piece the likeliest (arXiv 1804.10959). @module */
import { byteTokens } from "./byte_level.ts";
import { flagOf, type Json } from "./definition.ts";
import { type TokenModel, UnknownPieceError, type Vocabulary, vocabulary } from "./vocabulary.ts";

/** How much less likely an unknown character is than the least likely token. */
const unknownPenalty = 10;

interface Rules extends Vocabulary {
  /** Log-probabilities by number. */
  readonly scores: readonly number[];
  readonly unknownScore: number;
  readonly unknown: number | undefined;
  /** Length of the longest token. */
  readonly most: number;
}

/** The model. */
export function unigram(fields: Json): TokenModel {
  const pieces = fields.vocab as readonly (readonly [string, number])[];
  const words = vocabulary(pieces.map(([token], id) => [token, id] as const));
  const scores = pieces.map(([, score]) => score);
  const rules: Rules = {
    ...words,
    scores,
    unknownScore: scores.reduce((a, b) => Math.min(a, b), Infinity) - unknownPenalty,
    unknown: typeof fields.unk_id === "number" ? fields.unk_id : undefined,
    most: pieces.reduce((most, [token]) => Math.max(most, token.length), 1),
  };
  const fallsBack = flagOf(fields, "byte_fallback", false);
  return {
    ...words,
    tokenOf: (id) => pieces[id]?.[0],
    ids: (piece) => likeliestCut(piece, rules).flatMap((part) => idsOf(part, rules, fallsBack)),
  };
}

function idsOf(part: string, { idOf, unknown }: Rules, fallsBack: boolean): readonly number[] {
  const id = idOf(part);
  if (id !== undefined) return [id];
  const bytes = fallsBack ? byteTokens(part).map(idOf) : [undefined];
  if (!bytes.includes(undefined)) return bytes as number[];
  if (unknown === undefined) throw new UnknownPieceError(part);
  return [unknown];
}

/** Where the likeliest way to a place comes from. */
interface Step {
  readonly from: number;
  readonly score: number;
  readonly isUnknown: boolean;
}

/** The likeliest way to cut a piece; unknown characters side by side stay together. */
function likeliestCut(piece: string, rules: Rules): readonly string[] {
  const { unknownScore, unknown } = rules;
  const steps = new Array<Step | undefined>(piece.length + 1);
  const offer = (to: number, step: Step): void => {
    const best = steps[to];
    if (best === undefined || step.score > best.score) steps[to] = step;
  };
  for (let from = 0; from < piece.length;) {
    const score = steps[from]?.score ?? 0;
    const width = piece.codePointAt(from)! > 0xffff ? 2 : 1;
    let isKnown = false;
    for (const [length, id] of tokensAt(piece, from, rules)) {
      offer(from + length, { from, score: score + rules.scores[id]!, isUnknown: id === unknown });
      isKnown ||= length === width;
    }
    if (!isKnown) {
      if (unknown === undefined) throw new UnknownPieceError(piece.slice(from, from + width));
      offer(from + width, { from, score: score + unknownScore, isUnknown: true });
    }
    from += width;
  }
  return partsOf(piece, steps);
}

/** Lengths and numbers of the tokens that begin at a place, the shortest first. */
function* tokensAt(
  piece: string,
  from: number,
  { ids, most }: Rules,
): Generator<readonly [number, number]> {
  for (let length = 1; length <= most && from + length <= piece.length; length++) {
    const id = ids.get(piece.slice(from, from + length));
    if (id !== undefined) yield [length, id];
  }
}

function partsOf(piece: string, steps: readonly (Step | undefined)[]): readonly string[] {
  const parts: string[] = [];
  let wasUnknown = false;
  for (let end = piece.length; end > 0;) {
    const { from, isUnknown } = steps[end]!;
    const part = piece.slice(from, end);
    if (isUnknown && wasUnknown) parts[parts.length - 1] = part + parts.at(-1)!;
    else parts.push(part);
    wasUnknown = isUnknown;
    end = from;
  }
  return parts.reverse();
}
