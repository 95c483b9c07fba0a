/** Attributes, items and slices of values. @module */
import { methodOf } from "./methods.ts";
import { keyOf } from "./operators.ts";
import { reprOf } from "./python_text.ts";
import { TemplateError } from "./template_error.ts";
import {
  charactersOf,
  defined,
  integerOf,
  itemsOf,
  PyGroup,
  PyObject,
  PyRange,
  PyTuple,
  tupleOf,
  typeName,
  Undefined,
} from "./values.ts";

/** `value.name`: a method or attribute, else an item. @throws {TemplateError} If the value is undefined. */
export function attributeOf(value: unknown, name: string): unknown {
  defined(value);
  const own = ownAttribute(value, name);
  const found = own === undefined ? itemOrNothing(value, name) : own;
  return found === undefined ? missing(value, name) : found;
}

/** `value[key]`: an item, else an attribute. @throws {TemplateError} If the value is undefined. */
export function itemOf(value: unknown, key: unknown): unknown {
  defined(value);
  const item = itemOrNothing(value, key);
  const found = item === undefined && typeof key === "string" ? ownAttribute(value, key) : item;
  return found === undefined ? missing(value, key) : found;
}

/** Names that begin so are Python's own. */
function ownAttribute(value: unknown, name: string): unknown {
  if (name.startsWith("__")) return undefined;
  if (value instanceof PyGroup && value.named(name) !== undefined) return value.named(name);
  return value instanceof PyObject ? value.attributes.get(name) : methodOf(value, name);
}

function itemOrNothing(value: unknown, key: unknown): unknown {
  if (value instanceof Map) return value.get(keyOf(key));
  if (typeof key !== "number" && typeof key !== "boolean") return undefined;
  const items = typeof value === "string"
    ? charactersOf(value)
    : Array.isArray(value) || value instanceof PyRange
    ? itemsOf(value)
    : undefined;
  return items?.[Number(key) < 0 ? items.length + Number(key) : Number(key)];
}

const words: Readonly<Record<string, string>> = { dict: "dict object", list: "list object" };

function missing(value: unknown, key: unknown): Undefined {
  const name = typeName(value);
  const owner = words[name] ?? (value === null ? "None" : `${name} object`);
  return new Undefined(
    typeof key === "string"
      ? `'${owner}' has no attribute ${reprOf(key)}`
      : `${owner} has no element ${reprOf(key)}`,
  );
}

/** `value[start:stop:step]` @throws {TemplateError} If the value has no order. */
export function sliceOf(value: unknown, bounds: readonly unknown[]): unknown {
  const characters = typeof value === "string" ? charactersOf(value) : undefined;
  const items = characters ??
    (Array.isArray(value) || value instanceof PyRange ? itemsOf(value)! : undefined);
  if (items === undefined) {
    defined(value);
    throw new TemplateError(
      value instanceof Map
        ? "unhashable type: 'slice'"
        : `'${typeName(value)}' object is not subscriptable`,
    );
  }
  const chosen = placesOf(items.length, bounds).map((place) => items[place]);
  if (characters !== undefined) return chosen.join("");
  return value instanceof PyTuple ? tupleOf(chosen) : chosen;
}

function placesOf(length: number, [first, last, by]: readonly unknown[]): readonly number[] {
  const given = (bound: unknown) => (bound ?? null) === null ? undefined : integerOf(bound);
  const step = given(by) ?? 1;
  if (step === 0) throw new TemplateError("slice step cannot be zero");
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const clamp = (bound: number) =>
    Math.min(high, Math.max(low, bound < 0 ? bound + length : bound));
  const [from, to] = [given(first), given(last)];
  const start = from === undefined ? (step > 0 ? low : high) : clamp(from);
  const stop = to === undefined ? (step > 0 ? high : low) : clamp(to);
  const count = Math.max(0, Math.ceil((stop - start) / step));
  return Array.from({ length: count }, (_, i) => start + i * step);
}
