/** What a format under test is. @module */
import type { Random } from "../../../lib/tensor/random.ts";

/** A format that the program reads from strangers. */
export interface Format<Input = unknown> {
  /** Inputs that are right: if one is refused, so is all that is made of it, and nothing is tested. */
  readonly seeds: readonly Input[];
  /** A damaged input. */
  generate(random: Random): Input;
  /** Reads it as the program does; throws what the program throws. */
  read(input: Input): unknown;
  /** Folders that the reader may use, each within the scratch folder; default all of that. */
  readonly roots?: readonly string[];
}

/** Makes the seeds of a format; files may be written below a folder, and nowhere else. */
export type OpenFormat = (scratch: string) => Promise<Format>;

/** What was accepted though it says what cannot be. */
export class Nonsense extends Error {
  override readonly name = "Nonsense";
}

/** What was refused without an exception. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/** @throws {Nonsense} If a fact about an accepted input does not hold. */
export function mustHold(fact: boolean, what: string): void {
  if (!fact) throw new Nonsense(what);
}

/** Keeps the type of inputs inside of a format. */
export function formatOf<Input>(format: Format<Input>): Format {
  return format as Format;
}
