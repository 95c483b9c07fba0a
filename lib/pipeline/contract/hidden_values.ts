/** Replaces values of the environment by digests in keys, so that no key shows them. @module */
import { scrypt } from "@noble/hashes/scrypt.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** Within longer texts, only values that cannot be there by chance. */
const shortestPart = 8;

/**
 * What the file asks of the environment. Each value counts in keys by a digest that takes so long to
 * compute that nobody finds a short value by trying; it is the same on all machines, as keys are.
 */
export class HiddenValues {
  readonly #names = new Map<string, string>();
  readonly #signs = new Map<string, string>();

  add(name: string, value: string): void {
    if (value !== "" && !this.#names.has(value)) this.#names.set(value, name);
  }

  /** Whether the file refers to none. */
  get isEmpty(): boolean {
    return this.#names.size === 0;
  }

  /** A text for a key: a value that it is or holds is replaced by its name and digest. */
  hide(text: string): string {
    if (this.#names.size === 0) return text;
    if (this.#names.has(text)) return this.#signOf(text);
    const parts = [...this.#names.keys()].filter((value) =>
      value.length >= shortestPart && text.includes(value)
    );
    const longestFirst = parts.sort((a, b) => b.length - a.length);
    return longestFirst.reduce((rest, value) => rest.replaceAll(value, this.#signOf(value)), text);
  }

  #signOf(value: string): string {
    const known = this.#signs.get(value);
    if (known !== undefined) return known;
    const name = this.#names.get(value)!;
    const digest = scrypt(value, "tvp: a value of the environment", { N: 2 ** 14, r: 8, p: 1 });
    const sign = `[${name}: ${bytesToHex(digest)}]`;
    this.#signs.set(value, sign);
    return sign;
  }
}
