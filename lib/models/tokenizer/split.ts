/** Splits pieces of a text at a pattern. @module */
import { type Json, TokenizerPartError } from "./definition.ts";
import type { Pattern, Stretch } from "./pattern.ts";

/** A piece of a text on its way to the model. */
export interface Piece {
  readonly text: string;
  /** Whether it begins where the text began. */
  readonly first: boolean;
}

type Span = Pick<Stretch, "start" | "end">;

/** What becomes of a match, in the words of tokenizer.json. */
const behaviors = {
  Removed: (stretches) => stretches.filter(({ matches }) => !matches),
  Isolated: (stretches) => stretches,
  Contiguous: (stretches) => joined(stretches, (now, before) => now === before),
  MergedWithPrevious: (stretches) => joined(stretches, (now, before) => now && !before),
  MergedWithNext: (stretches) =>
    joined(stretches.toReversed(), (now, before) => now && !before).toReversed(),
} satisfies Readonly<Record<string, (stretches: readonly Stretch[]) => readonly Span[]>>;

/** The name of a behaviour. */
export type Behavior = keyof typeof behaviors;

/** The behaviour of a step. @throws {TokenizerPartError} If its name is not known. */
export function behaviorOf({ type, behavior }: Json, absent?: Behavior): Behavior {
  const value = behavior ?? absent;
  if (typeof value === "string" && Object.hasOwn(behaviors, value)) return value as Behavior;
  throw new TokenizerPartError(
    `the behavior of its ${type} is ${JSON.stringify(value) ?? "absent"}, expected one of ${
      Object.keys(behaviors).join(", ")
    }`,
  );
}

/** The pieces of a piece. */
export function splitPiece(piece: Piece, pattern: Pattern, behavior: Behavior): readonly Piece[] {
  return behaviors[behavior](pattern(piece.text)).map((span) => cutPiece(piece, span));
}

/** A part of a piece. */
export function cutPiece({ text, first }: Piece, { start, end }: Span): Piece {
  return { text: text.slice(start, end), first: first && start === 0 };
}

/** Joins a stretch to the one before it where a rule says so; in reverse order to the one behind it. */
function joined(
  stretches: readonly Stretch[],
  joins: (now: boolean, before: boolean) => boolean,
): readonly Span[] {
  const spans: Span[] = [];
  let before = false;
  for (const { start, end, matches } of stretches) {
    const last = spans.at(-1);
    if (last !== undefined && joins(matches, before)) {
      spans[spans.length - 1] = {
        start: Math.min(last.start, start),
        end: Math.max(last.end, end),
      };
    } else spans.push({ start, end });
    before = matches;
  }
  return spans;
}
