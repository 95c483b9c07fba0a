/** Keeps the values of secrets out of everything that is printed or stored. @module */
import { isSecretName } from "./secrets.ts";

/** Shorter values are in many texts by chance. */
const shortest = 6;

/** A line of a longer secret, such as a key in a file of many lines. */
const shortestLine = 16;

/** Finds secrets by their values, and replaces them by their names. */
export class Redactor {
  readonly #names = new Map<string, string>();
  #pattern: RegExp | undefined;

  /** @param environment Whose secrets are hidden, by their names. */
  constructor(environment: Readonly<Record<string, string>> = {}) {
    for (const [name, value] of Object.entries(environment)) {
      if (isSecretName(name)) this.add(name, value);
    }
  }

  /** Hides a value from now on. */
  add(name: string, value: string): void {
    for (const form of formsOf(value)) {
      if (!this.#names.has(form)) this.#names.set(form, name);
    }
    this.#pattern = undefined;
  }

  /** The text with `[NAME]` instead of each secret. */
  hide(text: string): string {
    if (this.#names.size === 0) return text;
    this.#pattern ??= patternOf([...this.#names.keys()]);
    return text.replace(this.#pattern, (form) => `[${this.#names.get(form)}]`);
  }
}

/** How a value may be written in a text: as it is, as JSON, in a URL, or line by line. */
function formsOf(value: string): string[] {
  const whole = value.trim();
  const lines = whole.split(/\r?\n/).map((line) => line.trim());
  const forms = [value, whole, JSON.stringify(value).slice(1, -1), encodeURIComponent(whole)];
  const parts = lines.length === 1 ? [] : lines.filter(({ length }) => length >= shortestLine);
  return [...forms.filter(({ length }) => length >= shortest), ...parts];
}

/** Longer forms first, as one may begin with another. */
function patternOf(forms: readonly string[]): RegExp {
  const sorted = [...forms].sort((a, b) => b.length - a.length);
  return new RegExp(sorted.map((form) => RegExp.escape(form)).join("|"), "g");
}
