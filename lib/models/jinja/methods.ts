/** Methods of texts, lists and dicts. A new one is a row here. @module */
import { braceFormat } from "./format_text.ts";
import { areEqual, keyOf } from "./operators.ts";
import { textOf } from "./python_text.ts";
import { checkSize, joined, limited, repeated, replacedAll, sought } from "./size_limit.ts";
import { TemplateError } from "./template_error.ts";
import {
  charactersOf,
  DictView,
  integerOf,
  isTrue,
  iterate,
  type Named,
  PyFunction,
  tupleOf,
  typeName,
  Undefined,
} from "./values.ts";

type Method<T> = (value: T, args: readonly unknown[], named: Named) => unknown;

const space = " \t\n\r\v\f\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";
const spaces = new RegExp(`[${space}]+`);

function stripped(text: string, signs: unknown, where: "both" | "left" | "right"): string {
  const set = signs === undefined || signs === null ? new RegExp(`[${space}]`) : String(signs);
  const isStripped = (sign: string) =>
    typeof set === "string" ? set.includes(sign) : set.test(sign);
  const characters = Array.from(text);
  let [start, end] = [0, characters.length];
  while (where !== "right" && start < end && isStripped(characters[start]!)) start++;
  while (where !== "left" && end > start && isStripped(characters[end - 1]!)) end--;
  return characters.slice(start, end).join("");
}

/** The parts of a text; `most` cuts, counted from the left or from the right. */
function split(text: string, [by, limit]: readonly unknown[], named: Named, fromRight = false) {
  const separator = by ?? named.get("sep") ?? null;
  const wanted = limit ?? named.get("maxsplit");
  const most = wanted === undefined || integerOf(wanted) < 0 ? Infinity : integerOf(wanted);
  if (separator === "") throw new TemplateError("empty separator");
  const parts = separator === null
    ? stripped(text, null, "both").split(spaces).filter((part) => part !== "")
    : text.split(sought(textOf(separator), text));
  const extra = parts.length - 1 - most;
  if (extra <= 0) return parts;
  // Blanks between what is not cut stay as they are.
  if (separator === null) return splitAtSpace(text, most, fromRight);
  const join = (some: readonly string[]) => some.join(textOf(separator));
  return fromRight
    ? [join(parts.slice(0, extra + 1)), ...parts.slice(extra + 1)]
    : [...parts.slice(0, most), join(parts.slice(most))];
}

function splitAtSpace(text: string, most: number, fromRight: boolean): readonly string[] {
  const parts: string[] = [];
  let rest = stripped(text, null, fromRight ? "right" : "left");
  const cut = fromRight
    ? new RegExp(`^([^]*?)[${space}]+([^${space}]+)$`)
    : new RegExp(`^([^${space}]+)[${space}]+([^]*)$`);
  for (let i = 0; i < most; i++) {
    const [, left, right] = cut.exec(rest) ?? [];
    if (left === undefined || right === undefined) break;
    parts.push(fromRight ? right : left);
    rest = fromRight ? left : right;
  }
  return fromRight ? [rest, ...parts.reverse()] : [...parts, rest];
}

function titled(text: string): string {
  return text.replaceAll(
    /\p{L}+/gu,
    (word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase(),
  );
}

/** Upper case for the first letter, lower case for the others. */
export function capitalized(text: string): string {
  const [first = ""] = text;
  return first.toUpperCase() + text.slice(first.length).toLowerCase();
}

const is = (expression: RegExp): Method<string> => (text) => expression.test(text);
const hasCase = (text: string) => text.toLowerCase() !== text.toUpperCase();

/** A text in the middle of blanks, as Python has it where their number is odd. */
export function centred(text: string, width: number, fill = " "): string {
  const missing = Math.max(0, width - charactersOf(text).length);
  const left = (missing >> 1) + (missing & width & 1);
  return repeated(fill, left) + text + repeated(fill, missing - left);
}

/** A width that can be made, and what fills it. */
const paddingOf = ([width, fill]: readonly unknown[]) =>
  [limited(integerOf(width)), textOf(fill ?? " ")] as const;

/** Whether a text, or one of a tuple, is at an end. */
const anyOf = (value: unknown, test: (part: string) => boolean) =>
  Array.isArray(value) ? value.some((part) => test(textOf(part))) : test(textOf(value));

function placeOf(text: string, [part, start]: readonly unknown[], last = false): number {
  const wanted = sought(textOf(part), text);
  return last
    ? text.lastIndexOf(wanted)
    : text.indexOf(wanted, start === undefined ? 0 : integerOf(start));
}

const found = (at: number): number => {
  if (at < 0) throw new TemplateError("substring not found");
  return at;
};

function partition(text: string, [by]: readonly unknown[], last = false): unknown {
  const separator = textOf(by);
  const at = placeOf(text, [separator], last);
  if (at < 0) return tupleOf(last ? ["", "", text] : [text, "", ""]);
  return tupleOf([text.slice(0, at), separator, text.slice(at + separator.length)]);
}

function replace(text: string, [from, to, count]: readonly unknown[], named: Named): string {
  const most = count ?? named.get("count");
  const parts = text.split(sought(textOf(from), text));
  checkSize(text.length + parts.length * textOf(to).length);
  const wanted = most === undefined || most === null ? Infinity : integerOf(most);
  const cuts = wanted < 0 ? Infinity : wanted;
  return parts.reduce((whole, part, i) => whole + (i <= cuts ? textOf(to) : textOf(from)) + part);
}

const ofText: Readonly<Record<string, Method<string>>> = {
  upper: (text) => text.toUpperCase(),
  lower: (text) => text.toLowerCase(),
  casefold: (text) => text.toLowerCase().replaceAll("ß", "ss"),
  title: titled,
  capitalize: capitalized,
  swapcase: (text) =>
    text.replaceAll(
      /\p{L}/gu,
      (sign) => sign === sign.toLowerCase() ? sign.toUpperCase() : sign.toLowerCase(),
    ),
  strip: (text, [signs]) => stripped(text, signs, "both"),
  lstrip: (text, [signs]) => stripped(text, signs, "left"),
  rstrip: (text, [signs]) => stripped(text, signs, "right"),
  split: (text, args, named) => split(text, args, named),
  rsplit: (text, args, named) => split(text, args, named, true),
  splitlines: (text, [keeps]) => {
    const lines = text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+/g) ?? [];
    return isTrue(keeps ?? false) ? lines : lines.map((line) => line.replace(/\r?\n$|\r$/, ""));
  },
  startswith: (text, [part]) => anyOf(part, (start) => text.startsWith(start)),
  endswith: (text, [part]) => anyOf(part, (end) => text.endsWith(end)),
  replace,
  find: (text, args) => placeOf(text, args),
  rfind: (text, args) => placeOf(text, args, true),
  index: (text, args) => found(placeOf(text, args)),
  rindex: (text, args) => found(placeOf(text, args, true)),
  count: (text, [part]) => text.split(sought(textOf(part), text)).length - 1,
  join: (text, [items]) => joined(iterate(items).map(joinable), text),
  format: (text, args, named) => braceFormat(text, args, named),
  partition: (text, args) => partition(text, args),
  rpartition: (text, args) => partition(text, args, true),
  removeprefix: (text, [part]) =>
    text.startsWith(textOf(part)) ? text.slice(textOf(part).length) : text,
  removesuffix: (text, [part]) =>
    textOf(part) !== "" && text.endsWith(textOf(part)) ? text.slice(0, -textOf(part).length) : text,
  center: (text, args) => centred(text, ...paddingOf(args)),
  ljust: (text, args) => text.padEnd(...paddingOf(args)),
  rjust: (text, args) => text.padStart(...paddingOf(args)),
  zfill: (text, [width]) => {
    const sign = /^[-+]?/.exec(text)![0];
    return sign + text.slice(sign.length).padStart(limited(integerOf(width)) - sign.length, "0");
  },
  expandtabs: (text, [width]) => {
    const size = width === undefined ? 8 : integerOf(width);
    return replacedAll(
      text,
      /([^\t\n]*)\t/g,
      (_, before = "") => before + repeated(" ", size - before.length % size),
    );
  },
  isdigit: is(/^\p{Nd}+$/u),
  isdecimal: is(/^\p{Nd}+$/u),
  isnumeric: is(/^\p{N}+$/u),
  isalpha: is(/^\p{L}+$/u),
  isalnum: is(/^[\p{L}\p{N}]+$/u),
  isspace: is(new RegExp(`^[${space}]+$`)),
  islower: (text) => hasCase(text) && text === text.toLowerCase(),
  isupper: (text) => hasCase(text) && text === text.toUpperCase(),
  istitle: (text) => hasCase(text) && text === titled(text),
  isidentifier: is(/^[\p{L}_][\p{L}\p{N}_]*$/u),
};

/** `join` takes texts only. */
function joinable(item: unknown, i: number): string {
  if (typeof item === "string") return item;
  throw new TemplateError(`sequence item ${i}: expected str instance, ${typeName(item)} found`);
}

const ofList: Readonly<Record<string, Method<readonly unknown[]>>> = {
  index: (list, [item]) => {
    const at = list.findIndex((other) => areEqual(other, item));
    if (at < 0) throw new TemplateError(`${textOf(item)} is not in list`);
    return at;
  },
  count: (list, [item]) => list.filter((other) => areEqual(other, item)).length,
  copy: (list) => [...list],
};

const ofDict: Readonly<Record<string, Method<ReadonlyMap<unknown, unknown>>>> = {
  get: (dict, [key, absent], named) => {
    const value = dict.get(keyOf(key));
    return value === undefined ? absent ?? named.get("default") ?? null : value;
  },
  keys: (dict) => new DictView("dict_keys", [...dict.keys()]),
  values: (dict) => new DictView("dict_values", [...dict.values()]),
  items: (dict) => new DictView("dict_items", Array.from(dict, tupleOf)),
  copy: (dict) => new Map(dict),
};

/** Methods that would change a value; the sandbox has none. */
const changing: ReadonlySet<string> = new Set(
  "append clear pop reverse insert sort extend remove popitem setdefault update".split(" "),
);

/** A method of a value, bound to it; undefined where it has none of this name. */
export function methodOf(value: unknown, name: string): unknown {
  const table = typeof value === "string"
    ? ofText
    : Array.isArray(value)
    ? ofList
    : value instanceof Map
    ? ofDict
    : {};
  if (Object.hasOwn(table, name)) {
    const method = (table as Readonly<Record<string, Method<unknown>>>)[name]!;
    return new PyFunction(name, (args, named) => method(value, args, named));
  }
  const isList = Array.isArray(value) || value instanceof Map;
  return isList && changing.has(name)
    ? new Undefined(`access to attribute '${name}' of '${typeName(value)}' object is unsafe`)
    : undefined;
}
