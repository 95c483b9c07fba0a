/** Lays candidate answers out as rows of a batch, so that nothing is computed twice. @module */
import type { ScoreWay } from "../models/compose_score.ts";

/** A token whose log-probability is wanted. */
export interface PickedToken {
  readonly candidate: number;
  /** Row of the continuations of one image. */
  readonly row: number;
  /** Position in the row's output. */
  readonly position: number;
  readonly token: number;
}

/** The continuations of one image, and what to read from them. */
export interface CandidatePlan {
  /** Tokens fed, one list per row; rows may be shorter than the longest. */
  readonly rows: readonly (readonly number[])[];
  readonly length: number;
  readonly picks: readonly PickedToken[];
  /** Per candidate the token that is read from the instruction's last position, where one is. */
  readonly first: readonly (number | undefined)[];
  /** Tokens per candidate. */
  readonly counts: readonly number[];
}

/**
 * Lays out candidates.
 *
 * - `cache`: the first token is read from the instruction, the others from a row that is fed all
 *   tokens but the last; candidates share a row where one's tokens begin the other's.
 * - `encoder`: a row is fed the start symbol and all tokens but the last.
 * - `repeat`: as `cache`, but the first token too is read from the row, whose output begins at the
 *   instruction's last position (position −1).
 *
 * @throws {RangeError} If there are no candidates or one has no tokens.
 */
export function planCandidates(
  candidates: readonly (readonly number[])[],
  way: ScoreWay,
  startToken: number,
): CandidatePlan {
  if (candidates.length === 0) throw new RangeError("Cannot score answers: there is no candidate");
  const empty = candidates.findIndex((tokens) => tokens.length === 0);
  if (empty >= 0) throw new RangeError(`Cannot score candidate ${empty}: it has no tokens`);
  const fed = candidates.map((tokens) =>
    way === "encoder" ? [startToken, ...tokens.slice(0, -1)] : tokens.slice(0, -1)
  );
  const needed = way === "cache" ? fed.filter((tokens) => tokens.length > 0) : fed;
  const rows = shareRows(needed);
  const picks = candidates.flatMap((tokens, candidate) => {
    const row = rows.findIndex((r) => startsWith(r, fed[candidate]!));
    return tokens.map((token, i) => ({
      candidate,
      row,
      position: way === "encoder" ? i : i - 1,
      token,
    })).slice(way === "cache" ? 1 : 0);
  });
  return {
    rows,
    length: Math.max(0, ...rows.map((row) => row.length)),
    picks,
    first: candidates.map((tokens) => way === "cache" ? tokens[0] : undefined),
    counts: candidates.map((tokens) => tokens.length),
  };
}

/** The rows that are not a beginning of another row. */
function shareRows(rows: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const kept: (readonly number[])[] = [];
  for (const row of rows.toSorted((a, b) => b.length - a.length)) {
    if (!kept.some((other) => startsWith(other, row))) kept.push(row);
  }
  return kept;
}

function startsWith(row: readonly number[], beginning: readonly number[]): boolean {
  return beginning.every((token, i) => row[i] === token);
}
