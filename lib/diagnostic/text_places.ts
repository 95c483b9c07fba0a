/** Lines and columns of offsets in a text. @module */
import type { Location } from "./diagnostic.ts";

/** Lines and columns of a text. */
export class TextPlaces {
  readonly #path: string;
  readonly #text: string;
  /** Where each line begins. */
  readonly #starts: readonly number[];

  constructor(text: string, options: { path: string }) {
    this.#path = options.path;
    this.#text = text;
    this.#starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  }

  /** Location of a range of the text. */
  at(offset: number, length: number): Location {
    const inside = Math.min(offset, this.#text.length);
    const line = this.#lineAt(inside);
    const column = inside - this.#starts[line]! + 1;
    return { path: this.#path, line: line + 1, column, offset, length };
  }
  /** The last line that begins at an offset or before it, by halves: a file may have a million. */
  #lineAt(offset: number): number {
    let [first, behind] = [0, this.#starts.length];
    while (behind - first > 1) {
      const middle = (first + behind) >> 1;
      if (this.#starts[middle]! <= offset) first = middle;
      else behind = middle;
    }
    return first;
  }
}
