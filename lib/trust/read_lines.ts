/** Reads what programs of others print, line by line, however long a line is. @module */

/** Characters after which a line that has no end yet is given in pieces: no text may be endless. */
const longestPiece = 1 << 20;

/** Characters of a line that holds a message, after which it is no longer kept whole. */
const longestMessage = 64 << 20;

/** How lines are read. */
export interface ReadLinesOptions {
  /** A character that starts a message: what follows it is kept in one piece, up to 64 Mi characters. */
  readonly messageStart?: string;
}

/**
 * The lines of a stream of UTF-8, without their ends; also a last one that has no end. A line of more
 * than about a million characters comes in pieces, as if it were several.
 */
export async function* readLines(
  stream: ReadableStream<Uint8Array>,
  { messageStart }: ReadLinesOptions = {},
): AsyncGenerator<string> {
  const open = new OpenLine(messageStart);
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const [first = "", ...lines] = decoder.decode(chunk, { stream: true }).split("\n");
    open.push(first);
    const last = lines.pop();
    if (last === undefined) {
      if (open.isFull) yield open.cut();
      continue;
    }
    if (!open.isRestEmpty) yield open.cut();
    yield* lines;
    open.begin(last);
  }
  const rest = open.cut();
  if (rest !== "") yield rest;
}

/** Parts of a line that has no end yet: each piece of the stream is looked at once. */
class OpenLine {
  readonly #messageStart: string | undefined;
  #parts: string[] = [];
  #length = 0;
  #hasMessage = false;
  #wasCut = false;

  constructor(messageStart: string | undefined) {
    this.#messageStart = messageStart;
  }

  get isFull(): boolean {
    return this.#length >= (this.#hasMessage ? longestMessage : longestPiece);
  }

  /** Whether all of the line has been given in pieces: its end is no line of its own. */
  get isRestEmpty(): boolean {
    return this.#wasCut && this.#length === 0;
  }

  push(text: string): void {
    this.#parts.push(text);
    this.#length += text.length;
    this.#hasMessage ||= this.#messageStart !== undefined && text.includes(this.#messageStart);
  }

  /** Takes what is there out of it. */
  cut(): string {
    const text = this.#parts.join("");
    this.#parts = [];
    this.#length = 0;
    this.#hasMessage = false;
    this.#wasCut = true;
    return text;
  }

  /** Begins the next line. */
  begin(next: string): void {
    this.#wasCut = false;
    this.push(next);
  }
}
