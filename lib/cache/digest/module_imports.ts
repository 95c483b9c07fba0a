/**
 * Finds what a TypeScript or JavaScript module imports, from its text and without parsing it.
 *
 * @module
 */

interface Token {
  readonly kind: "word" | "string" | "punctuation";
  readonly text: string;
}

const SPACE = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const WORD = /[\p{ID_Start}$_#@][\p{ID_Continue}$\u200c\u200d]*|\d[\w.]*/uy;
const STRING = /"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'/y;
const TEMPLATE_PART = /(?:\\[\s\S]|\$(?!\{)|[^\\`$])*(`|\$\{|$)/y;
const REGEX = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;

/** Words after which a slash starts a regular expression and does not divide. */
const BEFORE_REGEX = new Set(
  "await case delete do else in instanceof new of return throw typeof void yield".split(" "),
);

/** Splits a module into words, strings and single punctuation marks; comments are dropped. */
class Lexer {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  /** Open braces; `true` where the brace opened in a template, `${`. */
  readonly #braces: boolean[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): readonly Token[] {
    while (this.#at < this.#text.length) this.#step();
    return this.#tokens;
  }

  #step(): void {
    if (this.#match(SPACE) !== undefined) return;
    const word = this.#match(WORD);
    if (word !== undefined) return this.#push("word", word);
    const string = this.#match(STRING);
    if (string !== undefined) return this.#push("string", string.slice(1, -1));
    if (this.#regexMayStart() && this.#match(REGEX) !== undefined) return this.#push("string", "");
    this.#punctuation(this.#text[this.#at++] ?? "");
  }

  #punctuation(mark: string): void {
    if (mark === "`") return this.#template();
    if (mark === "{") this.#braces.push(false);
    if (mark === "}" && this.#braces.pop()) return this.#template();
    this.#push("punctuation", mark);
  }

  /** Reads a template up to its end or its next `${`; a template without either is a string. */
  #template(): void {
    const part = this.#match(TEMPLATE_PART) ?? "";
    if (part.endsWith("${")) this.#braces.push(true);
    this.#push(part.endsWith("`") ? "string" : "punctuation", part.slice(0, -1));
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#text)?.[0];
    if (text === undefined || text === "") return undefined;
    this.#at += text.length;
    return text;
  }

  #push(kind: Token["kind"], text: string): void {
    this.#tokens.push({ kind, text });
  }

  #regexMayStart(): boolean {
    const last = this.#tokens.at(-1);
    if (last === undefined) return true;
    if (last.kind === "word") return BEFORE_REGEX.has(last.text);
    return last.kind === "punctuation" && last.text !== ")" && last.text !== "]";
  }
}

/**
 * The specifiers a module imports: static imports and re-exports except for types alone, dynamic imports
 * of a literal, and what `import.meta.resolve("…")` and `new URL("…", import.meta.url)` name. Sorted,
 * each once.
 *
 * @example
 * ```ts
 * moduleImports(`import { z } from "zod"; import type { A } from "./a.ts";`); // ["zod"]
 * ```
 */
export function moduleImports(text: string): readonly string[] {
  return importsIn(new Lexer(text).run());
}

function importsIn(tokens: readonly Token[]): readonly string[] {
  const found = new Set<string>();
  for (let i = 0; i < tokens.length; i += 1) {
    const specifier = specifierAt(tokens, i);
    if (specifier !== undefined) found.add(specifier);
  }
  return [...found].sort();
}

/** What a module's text says of other files. */
export interface ModuleNames {
  readonly imports: readonly string[];
  /** Texts that may be names of files, in a module that asks for its own place. */
  readonly texts: readonly string[];
}

/**
 * What a module imports, and what may be a file that it opens by a path of its own making, such as
 * `` `${import.meta.dirname}/words.txt` ``.
 *
 * @example
 * ```ts
 * moduleNames('Deno.readTextFile(import.meta.dirname + "/words.txt")').texts; // ["/words.txt"]
 * ```
 */
export function moduleNames(text: string): ModuleNames {
  const tokens = new Lexer(text).run();
  const asksPlace = tokens.some((_, at) => isPlace(tokens, at));
  const names = asksPlace ? tokens.filter((_, at) => mayBeName(tokens, at)) : [];
  const texts = names.map((token) => token.text);
  return { imports: importsIn(tokens), texts: [...new Set(texts)].sort() };
}

const places = new Set(["url", "dirname", "filename"]);

/** `import.meta.dirname` and its like. */
function isPlace(tokens: readonly Token[], at: number): boolean {
  return ["import", ".", "meta", "."].every((text, i) => is(tokens[at + i], text)) &&
    places.has(tokens[at + 4]?.text ?? "");
}

/** What an import names counts as one, or is a type. */
function mayBeName(tokens: readonly Token[], at: number): boolean {
  const isImport = ["from", "import"].some((word) => is(tokens[at - 1], word));
  const { kind, text } = tokens[at]!;
  return kind === "string" && !isImport && /^[^\p{Cc}]{1,255}$/u.test(text);
}

const READERS: Readonly<
  Record<string, (tokens: readonly Token[], at: number) => string | undefined>
> = { import: importedAt, export: exportedAt, new: urlAt };

function specifierAt(tokens: readonly Token[], at: number): string | undefined {
  const token = tokens[at];
  if (token?.kind !== "word" || is(tokens[at - 1], ".")) return undefined;
  return Object.hasOwn(READERS, token.text) ? READERS[token.text]?.(tokens, at) : undefined;
}

function importedAt(tokens: readonly Token[], at: number): string | undefined {
  const next = tokens[at + 1];
  if (next?.kind === "string") return next.text;
  if (is(next, "(")) return stringAt(tokens, at + 2);
  if (is(next, ".")) return resolvedAt(tokens, at);
  if (is(next, "type") && !isEnd(tokens[at + 2])) return undefined;
  return next?.kind === "word" || is(next, "{") || is(next, "*")
    ? fromAt(tokens, at + 1)
    : undefined;
}

/** Whether the token ends a default import's name: `import type from`, `import type, {…} from`. */
function isEnd(token: Token | undefined): boolean {
  return is(token, "from") || is(token, ",");
}

function exportedAt(tokens: readonly Token[], at: number): string | undefined {
  const next = tokens[at + 1];
  return is(next, "{") || is(next, "*") ? fromAt(tokens, at + 1) : undefined;
}

/** The string after `from`, where only names, commas, stars and one pair of braces come before it. */
function fromAt(tokens: readonly Token[], start: number): string | undefined {
  for (let i = start; i < tokens.length; i += 1) {
    const token = tokens[i];
    if (is(token, "from") && tokens[i + 1]?.kind === "string") return tokens[i + 1]?.text;
    const allowed = token?.kind !== "punctuation" || ["{", "}", "*", ","].includes(token.text);
    if (!allowed || (i > start && is(tokens[i - 1], "}") && !is(token, "from"))) return undefined;
  }
  return undefined;
}

/** `import.meta.resolve("…")` takes what an import takes. */
function resolvedAt(tokens: readonly Token[], at: number): string | undefined {
  const isResolve = ["meta", ".", "resolve", "("].every((text, i) => is(tokens[at + 2 + i], text));
  return isResolve ? stringAt(tokens, at + 6) : undefined;
}

/** A URL is relative without a `./` too, other than an import. */
function urlAt(tokens: readonly Token[], at: number): string | undefined {
  const isModuleUrl = ["URL", "("].every((text, i) => is(tokens[at + 1 + i], text)) &&
    [",", "import", ".", "meta", ".", "url"].every((text, i) => is(tokens[at + 4 + i], text));
  const url = isModuleUrl ? stringAt(tokens, at + 3) : undefined;
  return url === undefined || /^(?:\.{0,2}\/|[a-z][a-z0-9+.-]*:)/i.test(url) ? url : `./${url}`;
}

function stringAt(tokens: readonly Token[], at: number): string | undefined {
  const token = tokens[at];
  return token?.kind === "string" ? token.text : undefined;
}

function is(token: Token | undefined, text: string): boolean {
  return token !== undefined && token.kind !== "string" && token.text === text;
}
