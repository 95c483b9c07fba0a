/** Reads the arguments of filters and functions, by place or by name. @module */
import { integerOf, isTrue, type Named } from "./values.ts";
import { textOf } from "./python_text.ts";

/** The arguments of one call. */
export class Given {
  readonly values: readonly unknown[];
  readonly named: Named;

  constructor(values: readonly unknown[], named: Named) {
    this.values = values;
    this.named = named;
  }

  /** An argument; undefined where it is not given. */
  get(place: number, name: string): unknown {
    const value = this.values[place];
    return value === undefined ? this.named.get(name) : value;
  }

  /** An argument, or something else where it is not given: none is given as well. */
  or(place: number, name: string, absent: unknown): unknown {
    const value = this.get(place, name);
    return value === undefined ? absent : value;
  }

  text(place: number, name: string, absent = ""): string {
    const value = this.get(place, name);
    return value === undefined ? absent : textOf(value);
  }

  flag(place: number, name: string, absent = false): boolean {
    const value = this.get(place, name);
    return value === undefined ? absent : isTrue(value);
  }

  whole(place: number, name: string, absent: number): number {
    const value = this.get(place, name);
    return value === undefined ? absent : integerOf(value);
  }
}

/** Changes a value. */
export type Filter = (value: unknown, given: Given) => unknown;
