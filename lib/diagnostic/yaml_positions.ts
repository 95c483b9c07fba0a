/** Where in a YAML text a value lies. Loads `yaml`, so it is imported only when there is an error. @module */
import {
  type Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLParseError,
} from "yaml";
import type { Diagnostic, Location } from "./diagnostic.ts";

/** Path of a value in a document: keys and indices. */
export type DocumentPath = readonly (string | number)[];

/** A YAML text whose values can be found by path. */
export class YamlPositions {
  readonly #path: string;
  readonly #text: string;
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed;

  constructor(text: string, options: { path: string }) {
    this.#path = options.path;
    this.#text = text;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
  }

  /** Syntax errors of the text. After one that breaks the structure the rest would mislead. */
  syntaxErrors(): Diagnostic[] {
    const { errors } = this.#document;
    const breaking = errors.findIndex(({ code }) => code !== "DUPLICATE_KEY");
    const shown = breaking < 0 ? errors : errors.slice(0, breaking + 1);
    return shown.map((error) => ({
      code: "yaml-syntax",
      severity: "error",
      message: `Cannot parse YAML: ${this.#cause(error)}`,
      location: this.at(error.pos[0], Math.max(1, error.pos[1] - error.pos[0])),
    }));
  }

  #cause({ code, message, pos: [start] }: YAMLParseError): string {
    if (code === "DUPLICATE_KEY") {
      const [key] = /^[^:\n]*/.exec(this.#text.slice(start))!;
      return `the key "${key.trim()}" is there twice`;
    }
    const known = causes.find(([pattern]) => pattern.test(`${code} ${message}`));
    return known?.[1] ?? lowerFirst(message.split("\n")[0]!.replace(/\.$/, ""));
  }

  /** Location of a range of the text. */
  at(offset: number, length: number): Location {
    const { line, col } = this.#lines.linePos(Math.min(offset, this.#text.length));
    return { path: this.#path, line: Math.max(1, line), column: Math.max(1, col), offset, length };
  }

  /** Location of the value (or of its key) at a path, or of the nearest parent that exists. */
  locate(path: DocumentPath, part: "key" | "value" = "value"): Location {
    let node: unknown = this.#document.contents;
    let found: Location = this.#nodeLocation(node) ?? this.at(0, 1);
    for (const [depth, step] of path.entries()) {
      const last = depth === path.length - 1;
      if (isMap(node)) {
        const pair = node.items.find((item) => isPair(item) && keyText(item.key) === String(step));
        if (!pair) return found;
        const wantsKey = last ? part === "key" || isEmpty(pair.value) : false;
        found = this.#nodeLocation(wantsKey ? pair.key : pair.value) ??
          this.#nodeLocation(pair.key) ?? found;
        if (!last && isCollection(pair.value)) found = this.#nodeLocation(pair.key) ?? found;
        node = pair.value;
      } else if (isSeq(node)) {
        node = node.items[Number(step)];
        found = this.#nodeLocation(node) ?? found;
      } else return found;
    }
    return found;
  }

  #nodeLocation(node: unknown): Location | undefined {
    const range = (node as Node | null)?.range;
    if (!range) return undefined;
    const [start, end] = range;
    // A block collection ends at the next line's start: carets stay on the first line.
    const firstLine = this.#text.slice(start, end).split(/\r?\n/)[0]!;
    return this.at(start, Math.max(1, firstLine.trimEnd().length));
  }
}

/** Where the parser's own words are for programmers. */
const causes: readonly (readonly [RegExp, string])[] = [
  [/^MULTIPLE_DOCS/, "a second document begins, and the file may hold one"],
  [/^BAD_INDENT Flow map/, 'a "{" is not closed by "}", or what it holds is not indented'],
  [/^BAD_INDENT Flow seq/, 'a "[" is not closed by "]", or what it holds is not indented'],
  [/^BAD_INDENT All/, "the keys of a map must begin in the same column"],
  [/^BLOCK_AS_IMPLICIT_KEY/, 'a text with ": " in it has to be put in quotes'],
  [/^BAD_SCALAR_START/, "a text that begins like this has to be put in quotes"],
  [/^MISSING_CHAR/, "a quote is not closed"],
  [/at node end$/, "there is more after the end of a value: does it belong in quotes?"],
];

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}

function isEmpty(value: unknown): boolean {
  return value === null || (isScalar(value) && value.value === null);
}

function isCollection(value: unknown): boolean {
  return isMap(value) || isSeq(value);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
