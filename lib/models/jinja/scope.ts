/** Names and their values, inside of others. @module */
import { Undefined } from "./values.ts";

/** The names of a block; those that it lacks are looked for around it. */
export class Scope {
  readonly #names = new Map<string, unknown>();
  readonly #outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.#outer = outer;
  }

  set(name: string, value: unknown): void {
    this.#names.set(name, value);
  }

  /** A name's value; an undefined one where nobody has set it. */
  get(name: string): unknown {
    if (this.#names.has(name)) return this.#names.get(name);
    if (this.#outer !== undefined) return this.#outer.get(name);
    return new Undefined(`the name '${name}' has no value`);
  }
}
