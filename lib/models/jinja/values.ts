/**
 * Values of templates, which are those of Python: null is None, a number a whole one, an Array a
 * list, a Map a dict; the classes here are for what JavaScript does not tell apart.
 *
 * @module
 */
import { TemplateError } from "./template_error.ts";

/** A number that Python has as a float, such as 1.0. */
export class PyFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A list that cannot change, as `(1, 2)`. */
export class PyTuple extends Array<unknown> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

/** A tuple of items. */
export function tupleOf(items: Iterable<unknown>): PyTuple {
  const tuple = new PyTuple();
  for (const item of items) tuple.push(item);
  return tuple;
}

/** A group of `groupby`: a tuple whose parts have names. */
export class PyGroup extends PyTuple {
  /** The parts by their names. */
  named(name: string): unknown {
    return { grouper: this[0], list: this[1] }[name];
  }
}

/** Items that are made one after another, and only once, as those of a generator. */
export class PyIterator {
  readonly name: string;
  /** How many items they are made from. */
  readonly size: number;
  readonly #items: Iterator<unknown>;

  constructor(name: string, size: number, items: Iterable<unknown>) {
    this.name = name;
    this.size = size;
    this.#items = items[Symbol.iterator]();
  }

  /** The next item, which is then gone. */
  next(): IteratorResult<unknown> {
    return this.#items.next();
  }

  /** All items that are left. */
  rest(): readonly unknown[] {
    const items: unknown[] = [];
    for (let next = this.next(); !next.done; next = this.next()) items.push(next.value);
    return items;
  }
}

/** What `range()` gives: printed, it shows its ends. */
export class PyRange {
  readonly ends: readonly number[];
  readonly items: readonly number[];

  constructor(ends: readonly number[], items: readonly number[]) {
    this.ends = ends;
    this.items = items;
  }
}

/** Keys, values or items of a dict. */
export class DictView {
  readonly name: string;
  readonly items: readonly unknown[];

  constructor(name: string, items: readonly unknown[]) {
    this.name = name;
    this.items = items;
  }
}

/** A value that is not there: an empty text, which cannot be looked into. */
export class Undefined {
  /** What is not there, in Jinja's words. */
  readonly problem: string;

  constructor(problem: string) {
    this.problem = problem;
  }
}

/** Arguments by name. */
export type Named = ReadonlyMap<string, unknown>;

/** What can be called. */
export class PyFunction {
  readonly name: string;
  readonly call: (args: readonly unknown[], named: Named) => unknown;

  constructor(name: string, call: PyFunction["call"]) {
    this.name = name;
    this.call = call;
  }
}

/** An object with attributes of its own, such as `loop`; the table may have functions. */
export class PyObject {
  readonly name: string;
  readonly attributes: Map<string, unknown>;
  /** Set if it can be called. */
  readonly call: PyFunction["call"] | undefined;

  constructor(name: string, attributes: Map<string, unknown>, call?: PyFunction["call"]) {
    this.name = name;
    this.attributes = attributes;
    this.call = call;
  }
}

/** What `namespace()` gives: its attributes can be set. */
export class Namespace extends PyObject {
  constructor(attributes: Map<string, unknown>) {
    super("Namespace", attributes);
  }
}

/** A value of JavaScript, such as one of JSON, as a template's. */
export function fromJson(value: unknown): unknown {
  if (value === undefined) return new Undefined("it has no value");
  if (typeof value === "number") return Number.isInteger(value) ? value : new PyFloat(value);
  if (typeof value === "function") {
    return new PyFunction(value.name, (args) => fromJson(value(...args)));
  }
  if (typeof value !== "object" || value === null || isOwn(value)) return value;
  if (Array.isArray(value)) return value.map(fromJson);
  return new Map(Object.entries(value).map(([key, item]) => [key, fromJson(item)]));
}

function isOwn(value: object): boolean {
  return [PyFloat, PyTuple, PyIterator, PyRange, DictView, Undefined, PyFunction, PyObject, Map]
    .some((type) => value instanceof type);
}

/** Python's name of a value's type. */
export function typeName(value: unknown): string {
  if (value === null) return "NoneType";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return "int";
  if (typeof value === "string") return "str";
  if (value instanceof PyFloat) return "float";
  if (value instanceof PyTuple) return "tuple";
  if (Array.isArray(value)) return "list";
  if (value instanceof Map) return "dict";
  if (value instanceof PyRange) return "range";
  if (value instanceof Undefined) return "Undefined";
  const hasName = [DictView, PyIterator, PyObject].some((type) => value instanceof type);
  return hasName ? (value as { readonly name: string }).name : "function";
}

/** The number of a value that counts as one; undefined for others. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  return value instanceof PyFloat ? value.value : undefined;
}

/** Whether a value counts as true. */
export function isTrue(value: unknown): boolean {
  if (value === null || value instanceof Undefined) return false;
  const number = numberOf(value);
  if (number !== undefined) return number !== 0;
  return lengthOf(value) !== 0;
}

/** How many items a value has; undefined where it has none. */
export function lengthOf(value: unknown): number | undefined {
  if (typeof value === "string") return charactersOf(value).length;
  if (Array.isArray(value)) return value.length;
  if (value instanceof Map) return value.size;
  if (value instanceof PyRange || value instanceof DictView) return value.items.length;
  return value instanceof Undefined ? 0 : undefined;
}

/** The characters of a text. */
export function charactersOf(text: string): ArrayLike<string> {
  return /[\ud800-\udfff]/.test(text) ? Array.from(text) : text;
}

/** Whether a value has items. */
export function isIterable(value: unknown): boolean {
  return value instanceof PyIterator || itemsOf(value) !== undefined;
}

/** The items of a value, of an iterator those that are left; undefined where it has none. */
export function itemsOf(value: unknown): readonly unknown[] | undefined {
  if (typeof value === "string") return Array.from(value);
  if (Array.isArray(value)) return value;
  if (value instanceof PyIterator) return value.rest();
  if (value instanceof Map) return [...value.keys()];
  if (value instanceof PyRange || value instanceof DictView) return value.items;
  return value instanceof Undefined ? [] : undefined;
}

/** The items of a value. @throws {TemplateError} If it has none. */
export function iterate(value: unknown): readonly unknown[] {
  const items = itemsOf(value);
  if (items !== undefined) return items;
  throw new TemplateError(`'${typeName(value)}' object is not iterable`);
}

/** A value that has to be there. @throws {TemplateError} If it is not. */
export function defined<T>(value: T): T {
  if (value instanceof Undefined) throw new TemplateError(value.problem);
  return value;
}

/** A whole number. @throws {TemplateError} If the value is none. */
export function integerOf(value: unknown): number {
  const number = value instanceof PyFloat ? undefined : numberOf(defined(value));
  if (number !== undefined) return number;
  throw new TemplateError(`'${typeName(value)}' object cannot be interpreted as an integer`);
}
