/** Keeps the values of secrets out of everything that is printed or stored. @module */
import { isSecret } from "./secrets.ts";

/** Shorter values are in many texts by chance. */
const shortest = 6;

/** A line of a longer secret, such as a key in a file of many lines. */
const shortestLine = 16;

/** Finds secrets by their values, and replaces them by their names. */
export class Redactor {
  /** Names by what a text is searched for: sources of expressions. */
  readonly #names = new Map<string, string>();
  /** All in one expression, a group for each; and the name of each group. */
  #search: { readonly pattern: RegExp; readonly names: readonly string[] } | undefined;

  /** @param environment Whose secrets are hidden, by their names. */
  constructor(environment: Readonly<Record<string, string>> = {}) {
    for (const [name, value] of Object.entries(environment)) {
      if (isSecret(name, value)) this.add(name, value);
    }
  }

  /** Hides a value from now on. */
  add(name: string, value: string): void {
    for (const part of partsOf(value)) {
      const source = Array.from(part, formsOf).join("");
      if (!this.#names.has(source)) this.#names.set(source, name);
    }
    this.#search = undefined;
  }

  /** The text with `[NAME]` instead of each secret. */
  hide(text: string): string {
    if (this.#names.size === 0) return text;
    const { pattern, names } = this.#search ??= searchOf(this.#names);
    return text.replace(pattern, (_, ...groups) => {
      return `[${names[groups.findIndex((group) => group !== undefined)]}]`;
    });
  }
}

function searchOf(byExpression: ReadonlyMap<string, string>) {
  // Longer ones first, as one may begin with another.
  const sorted = [...byExpression].sort(([a], [b]) => b.length - a.length);
  const pattern = new RegExp(sorted.map(([source]) => `(${source})`).join("|"), "g");
  return { pattern, names: sorted.map(([, name]) => name) };
}

/** What of a value is searched for: the whole, and the lines of one with several. */
function partsOf(value: string): string[] {
  const whole = value.trim();
  const lines = whole.split(/\r?\n/).map((line) => line.trim());
  const parts = lines.length === 1 ? [] : lines.filter(({ length }) => length >= shortestLine);
  return [...[value, whole].filter(({ length }) => length >= shortest), ...parts];
}

/** An expression for a character as it is, in JSON, or in a URL in any of the ways to write one. */
function formsOf(character: string): string {
  if (/^[A-Za-z0-9]$/.test(character)) return character;
  const percent = Array.from(new TextEncoder().encode(character), (byte) => {
    const digits = byte.toString(16).padStart(2, "0");
    return `%${digits.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)}`;
  }).join("");
  const json = JSON.stringify(character).slice(1, -1);
  const forms = [json, character, ...character === " " ? ["+"] : []];
  return `(?:${[...new Set(forms)].map((form) => RegExp.escape(form)).join("|")}|${percent})`;
}
