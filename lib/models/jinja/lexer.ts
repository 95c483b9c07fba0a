/**
 * Cuts a template into text and the tokens of its tags, as Jinja does with `trim_blocks` and
 * `lstrip_blocks`: a block takes the line break behind it and the blanks of its line before it.
 *
 * @module
 */
import { blanks, withoutEnd } from "./blanks.ts";
import { TemplateError } from "./template_error.ts";

/** A word of a tag, or a text between tags. */
export interface Token {
  readonly kind: "data" | "begin" | "end" | "name" | "string" | "integer" | "float" | "operator";
  /** The text of a string without quotes; `{{`, `{%`, `}}` or `%}` of tags. */
  readonly text: string;
  readonly line: number;
}

/** An expression in which `\s` is Python's white space. */
const withBlanks = ({ source }: RegExp, flags: string) =>
  new RegExp(source.replaceAll("\\s", `[${blanks}]`), flags);

const opening = /\{\{|\{%|\{#/g;
const raw = withBlanks(/\{%[-+]?\s*raw\s*(?:-%\}\s*|%\})/, "y");
const endRaw = withBlanks(/\{%([-+]?)\s*endraw\s*(?:\+%\}|-%\}\s*|%\}\n?)/, "g");
const comment = withBlanks(/\{#([-+]?)[^]*?(?:\+#\}|-#\}\s*|#\}\n?)/, "y");
const closings = {
  "{{": withBlanks(/-\}\}\s*|\}\}/, "y"),
  "{%": withBlanks(/\+%\}|-%\}\s*|%\}\n?/, "y"),
} as const;
const space = withBlanks(/\s*/, "y");
const blankLine = withBlanks(/^\s+$/, "");
const words: readonly (readonly [Token["kind"], RegExp])[] = [
  ["float", /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy],
  ["integer", /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy],
  ["name", /[\p{L}\p{Nl}\p{M}\p{Nd}\p{Pc}]+/uy],
  ["string", /'[^'\\]*(?:\\[^][^'\\]*)*'|"[^"\\]*(?:\\[^][^"\\]*)*"/y],
  ["operator", /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}<>=.:|,;]/y],
];

/** @throws {TemplateError} If a tag is not closed, or holds what is no word. */
export function tokenizeTemplate(source: string): readonly Token[] {
  return new Lexer(source.replaceAll(/\r\n?/g, "\n").replace(/\n$/, "")).run();
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;
  /** Up to where lines are counted. */
  #counted = 0;
  /** Whether what was read last ended a line. */
  #startsLine = true;

  constructor(source: string) {
    this.#source = source;
  }

  run(): readonly Token[] {
    while (this.#at < this.#source.length) {
      opening.lastIndex = this.#at;
      const found = opening.exec(this.#source);
      this.#data(this.#at, found?.index ?? this.#source.length, found?.[0]);
      if (found === null) break;
      this.#at = found.index;
      if (found[0] === "{#") this.#comment();
      else if (!this.#raw()) this.#tag(found[0] as "{{" | "{%");
    }
    return this.#tokens;
  }

  /** Text before a tag; the tag's sign and kind say which blanks of it stay. */
  #data(start: number, end: number, tag: string | undefined): void {
    const text = this.#source.slice(start, end);
    const sign = tag === undefined ? "" : this.#source[end + 2];
    this.#push("data", this.#kept(text, tag, sign), start);
  }

  #kept(text: string, tag: string | undefined, sign: string | undefined): string {
    if (tag === undefined) return text;
    if (sign === "-") return withoutEnd(text);
    if (tag === "{{" || sign === "+") return text;
    const line = text.lastIndexOf("\n") + 1;
    const isBlank = blankLine.test(text.slice(line));
    return isBlank && (line > 0 || this.#startsLine) ? text.slice(0, line) : text;
  }

  #comment(): void {
    const found = this.#match(comment);
    if (found === undefined) throw this.#mistake("Missing end of comment tag");
    this.#skip(found);
  }

  /** What stands between `raw` and `endraw` is text. */
  #raw(): boolean {
    const start = this.#match(raw);
    if (start === undefined) return false;
    this.#skip(start);
    endRaw.lastIndex = this.#at;
    const end = endRaw.exec(this.#source);
    if (end === null) throw this.#mistake("Missing end of raw directive");
    const text = this.#source.slice(this.#at, end.index);
    this.#push("data", this.#kept(text, "{%", end[1]), this.#at);
    this.#at = end.index;
    this.#skip(end[0]);
    return true;
  }

  #tag(tag: keyof typeof closings): void {
    this.#push("begin", tag, this.#at);
    this.#at += 2 + (/[-+]/.test(this.#source[this.#at + 2] ?? "") ? 1 : 0);
    for (let depth = 0;;) {
      this.#skip(this.#match(space)!);
      const end = depth === 0 ? this.#match(closings[tag]) : undefined;
      if (end !== undefined) {
        this.#push("end", tag === "{{" ? "}}" : "%}", this.#at);
        return this.#skip(end);
      }
      depth += this.#word();
    }
  }

  /** Reads a word. @returns How many brackets it opens. */
  #word(): number {
    for (const [kind, expression] of words) {
      const text = this.#match(expression);
      if (text === undefined) continue;
      this.#push(kind, kind === "string" ? unescaped(text.slice(1, -1)) : text, this.#at);
      this.#at += text.length;
      return kind !== "operator" ? 0 : "([{".includes(text) ? 1 : ")]}".includes(text) ? -1 : 0;
    }
    const next = this.#source[this.#at];
    throw this.#mistake(
      next === undefined ? "unexpected end of template" : `unexpected char ${JSON.stringify(next)}`,
    );
  }

  #match(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at;
    return expression.exec(this.#source)?.[0];
  }

  #skip(text: string): void {
    this.#at += text.length;
    this.#startsLine = text.endsWith("\n");
  }

  #push(kind: Token["kind"], text: string, at: number): void {
    if (kind === "data" && text === "") return;
    this.#tokens.push({ kind, text, line: this.#lineOf(at) });
  }

  /** The line of a place; places are asked for in order. */
  #lineOf(at: number): number {
    this.#line += this.#source.slice(this.#counted, at).split("\n").length - 1;
    this.#counted = Math.max(this.#counted, at);
    return this.#line;
  }

  #mistake(words: string): TemplateError {
    return new TemplateError(`${words}, line ${this.#lineOf(this.#at)}`);
  }
}

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

/** The text of a literal, as Python reads its escapes. */
function unescaped(text: string): string {
  return text.replaceAll(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([^]))/g,
    (whole, x, u, long, octal, other) => {
      const hex = x ?? u ?? long;
      if (hex !== undefined) return String.fromCodePoint(Math.min(parseInt(hex, 16), 0x10ffff));
      if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8));
      if ("xuU".includes(other)) throw new TemplateError(`truncated \\${other} escape`);
      return escapes[other] ?? whole;
    },
  );
}
