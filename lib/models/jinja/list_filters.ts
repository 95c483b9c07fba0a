/** Filters of lists and dicts. @module */
import type { Filter, Given } from "./arguments.ts";
import { itemOf } from "./lookup.ts";
import { areEqual, binary, compare } from "./operators.ts";
import { textOf } from "./python_text.ts";
import { checkSize, joined } from "./size_limit.ts";
import { TemplateError } from "./template_error.ts";
import { testOf } from "./tests.ts";
import {
  isTrue,
  iterate,
  lengthOf,
  PyGroup,
  PyIterator,
  tupleOf,
  typeName,
  Undefined,
} from "./values.ts";

/** What an attribute such as `a.b` or `0` leads to. */
export function attributeGetter(attribute: unknown): (value: unknown) => unknown {
  if (attribute === undefined || attribute === null) return (value) => value;
  if (typeof attribute === "number") return (value) => itemOf(value, attribute);
  const path = textOf(attribute).split(".").map((name) => /^\d+$/.test(name) ? Number(name) : name);
  return (value) => path.reduce<unknown>(itemOf, value);
}

/** Texts are equal whatever their case, if not said otherwise. */
const folded = (sensitive: boolean) => (value: unknown) =>
  typeof value === "string" && !sensitive ? value.toLowerCase() : value;

/** What items are sorted or told apart by. */
function keyGetter(given: Given, [attribute, sensitive]: readonly [number, number]) {
  const paths = given.get(attribute, "attribute");
  const fold = folded(given.flag(sensitive, "case_sensitive"));
  if (typeof paths !== "string" || !paths.includes(",")) {
    const get = attributeGetter(paths);
    return (item: unknown) => fold(get(item));
  }
  const getters = paths.split(",").map(attributeGetter);
  return (item: unknown) => getters.map((get) => fold(get(item)));
}

function sorted(items: readonly unknown[], keyOf: (item: unknown) => unknown, reverse: boolean) {
  const sign = reverse ? -1 : 1;
  return items.map((item) => ({ item, key: keyOf(item) }))
    .toSorted((a, b) => sign * compare(a.key, b.key)).map(({ item }) => item);
}

/** The largest or smallest item; nothing of an empty list. */
const extreme = (reverse: boolean): Filter => (value, given) => {
  const [first] = sorted(iterate(value), keyGetter(given, [1, 0]), reverse);
  return first === undefined ? new Undefined("No aggregated item, sequence was empty.") : first;
};

function groups(value: unknown, given: Given): readonly unknown[] {
  const get = attributeGetter(given.get(0, "attribute"));
  const absent = given.get(1, "default");
  const keyOf = (item: unknown) => {
    const key = get(item);
    return key instanceof Undefined && absent !== undefined ? absent : key;
  };
  const fold = folded(given.flag(2, "case_sensitive"));
  const found: { key: unknown; items: unknown[] }[] = [];
  for (const item of sorted(iterate(value), (one) => fold(keyOf(one)), false)) {
    const key = keyOf(item);
    const last = found.at(-1);
    if (last !== undefined && areEqual(fold(last.key), fold(key))) last.items.push(item);
    else found.push({ key, items: [item] });
  }
  return found.map(({ key, items }) => {
    const group = new PyGroup();
    group.push(key, items);
    return group;
  });
}

function unique(value: unknown, given: Given): PyIterator {
  const keyOf = keyGetter(given, [1, 0]);
  const keys: unknown[] = [];
  return oneByOne(value, function* (item) {
    const key = keyOf(item);
    if (keys.some((other) => areEqual(other, key))) return;
    keys.push(key);
    yield item;
  });
}

function batch(value: unknown, given: Given): PyIterator {
  const [size, filler] = [given.whole(0, "linecount", 1), given.get(1, "fill_with")];
  const items = iterate(value);
  const count = Math.ceil(items.length / Math.max(1, size));
  return lazily(items.length, function* () {
    for (let i = 0; i < count; i++) {
      const some = items.slice(i * size, (i + 1) * size);
      const missing = filler === undefined || filler === null ? 0 : size - some.length;
      checkSize(missing);
      yield [...some, ...new Array(missing).fill(filler)];
    }
  });
}

function slices(value: unknown, given: Given): PyIterator {
  const [count, filler] = [given.whole(0, "slices", 1), given.get(1, "fill_with")];
  const items = iterate(value);
  checkSize(count);
  const [each, longer] = [Math.floor(items.length / count), items.length % count];
  return lazily(count, function* () {
    for (let i = 0, start = 0; i < count; i++) {
      const end = start + each + (i < longer ? 1 : 0);
      const some = items.slice(start, end);
      start = end;
      yield (filler ?? null) !== null && i >= longer ? [...some, filler] : some;
    }
  });
}

function dictSorted(value: unknown, given: Given): readonly unknown[] {
  if (!(value instanceof Map)) throw new TemplateError("dictsort takes a dict");
  const place = given.text(1, "by", "key") === "value" ? 1 : 0;
  const fold = folded(given.flag(0, "case_sensitive"));
  const pairs = [...value].map(tupleOf);
  return sorted(pairs, (pair) => fold((pair as unknown[])[place]), given.flag(2, "reverse"));
}

function lazily(size: number, make: () => Iterable<unknown>): PyIterator {
  return new PyIterator("generator", size, make());
}

/**
 * What is made of the items of a value, when it is asked for; nothing of a value that counts as false,
 * whatever it is.
 */
export function oneByOne(value: unknown, make: (item: unknown) => Iterable<unknown>): PyIterator {
  const size = value instanceof PyIterator ? value.size : lengthOf(value) ?? 0;
  return lazily(size, function* () {
    for (const item of isTrue(value) ? iterate(value) : []) yield* make(item);
  });
}

/** Keeps items that pass a test, or those that do not; of items or of an attribute. */
const selecting = (keeps: boolean, byAttribute: boolean): Filter => (value, { values }) => {
  const [attribute, rest] = byAttribute ? [values[0], values.slice(1)] : [undefined, values];
  const get = attributeGetter(attribute);
  const test = rest.length === 0 ? isTrue : testOf(textOf(rest[0]));
  return oneByOne(value, function* (item) {
    if (test(get(item), rest[1]) === keeps) yield item;
  });
};

function first(value: unknown): unknown {
  const found = value instanceof PyIterator ? value.next().value : iterate(value)[0];
  return found ?? new Undefined("No first item, sequence was empty.");
}

function last(value: unknown): unknown {
  if (!(value instanceof PyIterator)) {
    return iterate(value).at(-1) ?? new Undefined("No last item, sequence was empty.");
  }
  throw new TemplateError(`'${value.name}' object is not reversible`);
}

function reverse(value: unknown): unknown {
  const items = iterate(value).toReversed();
  if (typeof value === "string") return items.join("");
  if (value instanceof PyIterator) return items;
  return new PyIterator(`${typeName(value)}_reverseiterator`, items.length, items);
}

/** Filters of several items. */
export const listFilters: Readonly<Record<string, Filter>> = {
  first,
  last,
  list: (value) => [...iterate(value)],
  reverse,
  join: (value, given) => {
    const get = attributeGetter(given.get(1, "attribute"));
    return joined(iterate(value).map((item) => textOf(get(item))), given.text(0, "d"));
  },
  sort: (value, given) =>
    sorted(iterate(value), keyGetter(given, [2, 1]), given.flag(0, "reverse")),
  min: extreme(false),
  max: extreme(true),
  unique,
  groupby: groups,
  dictsort: dictSorted,
  batch,
  slice: slices,
  sum: (value, given) => {
    const get = attributeGetter(given.get(0, "attribute"));
    const start = given.get(1, "start") ?? 0;
    return iterate(value).reduce<unknown>((sum, item) => binary("+", sum, get(item)), start);
  },
  select: selecting(true, false),
  reject: selecting(false, false),
  selectattr: selecting(true, true),
  rejectattr: selecting(false, true),
  random: () => {
    throw new TemplateError("random is not supported, as equal inputs have to give equal texts");
  },
};
