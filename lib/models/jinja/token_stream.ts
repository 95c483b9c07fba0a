/** Reads tokens one after another. @module */
import type { Token } from "./lexer.ts";
import { TemplateError } from "./template_error.ts";

const end: Token = { kind: "end", text: "", line: 0 };

/** A place in a list of tokens. */
export class TokenStream {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get current(): Token {
    return this.#tokens[this.#at] ?? end;
  }

  get next(): Token {
    return this.#tokens[this.#at + 1] ?? end;
  }

  get isDone(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** Whether a token has a kind, and one of some texts. */
  is(kind: Token["kind"], ...texts: readonly string[]): boolean {
    const { current } = this;
    return current.kind === kind && (texts.length === 0 || texts.includes(current.text));
  }

  take(): Token {
    const token = this.current;
    this.#at++;
    return token;
  }

  /** Takes a token where it is there. */
  skip(kind: Token["kind"], ...texts: readonly string[]): boolean {
    const found = this.is(kind, ...texts);
    if (found) this.take();
    return found;
  }

  /** @throws {TemplateError} If another token is there. */
  expect(kind: Token["kind"], ...texts: readonly string[]): string {
    if (this.is(kind, ...texts)) return this.take().text;
    throw this.mistake(
      `expected ${texts.length === 0 ? `a ${kind}` : `'${texts.join("' or '")}'`}`,
    );
  }

  /** A mistake at the current token. */
  mistake(words: string): TemplateError {
    const { text, line } = this.current;
    const last = this.#tokens.at(-1)?.line ?? 1;
    return this.isDone
      ? new TemplateError(`${words}, got the end of the template, line ${last}`)
      : new TemplateError(`${words}, got ${JSON.stringify(text)}, line ${line}`);
  }
}
