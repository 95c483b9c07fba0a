/** Methods of texts, lists and dicts. A new one is a row here. @module */
import { blanks, linesOf } from "./blanks.ts";
import { braceFormat } from "./format_text.ts";
import { areEqual, keyOf } from "./operators.ts";
import { isPrintable, textOf } from "./python_text.ts";
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

const spaces = new RegExp(`[${blanks}]+`);

function stripped(text: string, signs: unknown, where: "both" | "left" | "right"): string {
  const set = signs === undefined || signs === null ? new RegExp(`[${blanks}]`) : String(signs);
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
  // Blanks in what is not cut stay as they are.
  if (separator === null && most !== Infinity) return splitAtSpace(text, most, fromRight);
  const extra = parts.length - 1 - most;
  if (extra <= 0) return parts;
  const join = (some: readonly string[]) => some.join(textOf(separator));
  return fromRight
    ? [join(parts.slice(0, extra + 1)), ...parts.slice(extra + 1)]
    : [...parts.slice(0, most), join(parts.slice(most))];
}

function splitAtSpace(text: string, most: number, fromRight: boolean): readonly string[] {
  const parts: string[] = [];
  let rest = stripped(text, null, fromRight ? "right" : "left");
  const cut = fromRight
    ? new RegExp(`^([^]*?)[${blanks}]+([^${blanks}]+)$`)
    : new RegExp(`^([^${blanks}]+)[${blanks}]+([^]*)$`);
  for (let i = 0; i < most; i++) {
    const [, left, right] = cut.exec(rest) ?? [];
    if (left === undefined || right === undefined) break;
    parts.push(fromRight ? right : left);
    rest = fromRight ? left : right;
  }
  const all = fromRight ? [rest, ...parts.reverse()] : [...parts, rest];
  return all.filter((part) => part !== "");
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

/** What makes a text as wide as asked for. */
function filling(text: string, args: readonly unknown[]): string {
  const [width, fill] = paddingOf(args);
  return repeated(fill, width - charactersOf(text).length);
}

/** Whether a text, or one of a tuple, passes. */
const anyOf = (value: unknown, test: (part: string) => boolean) =>
  Array.isArray(value) ? value.some((part) => test(textOf(part))) : test(textOf(value));

interface Window {
  readonly text: string;
  readonly start: number;
}

/** A text from one place to another; nothing where the first one lies behind its end, or the other. */
function windowOf(text: string, [first, last]: readonly unknown[]): Window | undefined {
  const characters = charactersOf(text);
  const { length } = characters;
  const placeOf = (bound: unknown, absent: number) => {
    if ((bound ?? null) === null) return absent;
    const place = integerOf(bound);
    return place < 0 ? Math.max(0, place + length) : place;
  };
  const [start, end] = [placeOf(first, 0), Math.min(length, placeOf(last, length))];
  if (start > end) return undefined;
  if (start === 0 && end === length) return { text, start };
  return { text: Array.from(characters).slice(start, end).join(""), start };
}

/** Where a part is, in characters; −1 where it is not. */
function placeOf(whole: string, [part, ...bounds]: readonly unknown[], last = false): number {
  const window = windowOf(whole, bounds);
  if (window === undefined) return -1;
  const { text, start } = window;
  const wanted = sought(textOf(part), text);
  const at = last ? text.lastIndexOf(wanted) : text.indexOf(wanted);
  return at < 0 ? -1 : start + charactersOf(text.slice(0, at)).length;
}

function countOf(whole: string, [part, ...bounds]: readonly unknown[]): number {
  const window = windowOf(whole, bounds);
  if (window === undefined) return 0;
  const wanted = sought(textOf(part), window.text);
  return wanted === ""
    ? charactersOf(window.text).length + 1
    : window.text.split(wanted).length - 1;
}

/** Whether a text, or one of a tuple, is at an end of what lies between two places. */
const isAt = (end: "startsWith" | "endsWith"): Method<string> => (whole, [part, ...bounds]) => {
  const window = windowOf(whole, bounds);
  return window !== undefined && anyOf(part, (one) => window.text[end](one));
};

const found = (at: number): number => {
  if (at < 0) throw new TemplateError("substring not found");
  return at;
};

function partition(text: string, [by]: readonly unknown[], last = false): unknown {
  const separator = textOf(by);
  const wanted = sought(separator, text);
  const at = last ? text.lastIndexOf(wanted) : text.indexOf(wanted);
  if (at < 0) return tupleOf(last ? ["", "", text] : [text, "", ""]);
  return tupleOf([text.slice(0, at), separator, text.slice(at + separator.length)]);
}

function replace(text: string, [from, to, count]: readonly unknown[], named: Named): string {
  const most = count ?? named.get("count");
  const wanted = sought(textOf(from), text);
  // Between all characters, and at both ends.
  const parts = wanted === "" ? ["", ...text, ""] : text.split(wanted);
  checkSize(text.length + parts.length * textOf(to).length);
  const given = most === undefined || most === null ? Infinity : integerOf(most);
  const cuts = given < 0 ? Infinity : given;
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
  splitlines: (text, [keeps], named) =>
    linesOf(text, isTrue(keeps ?? named.get("keepends") ?? false)),
  startswith: isAt("startsWith"),
  endswith: isAt("endsWith"),
  replace,
  find: (text, args) => placeOf(text, args),
  rfind: (text, args) => placeOf(text, args, true),
  index: (text, args) => found(placeOf(text, args)),
  rindex: (text, args) => found(placeOf(text, args, true)),
  count: countOf,
  join: (text, [items]) => joined(iterate(items).map(joinable), text),
  format: (text, args, named) => braceFormat(text, args, named),
  partition: (text, args) => partition(text, args),
  rpartition: (text, args) => partition(text, args, true),
  removeprefix: (text, [part]) =>
    text.startsWith(textOf(part)) ? text.slice(textOf(part).length) : text,
  removesuffix: (text, [part]) =>
    textOf(part) !== "" && text.endsWith(textOf(part)) ? text.slice(0, -textOf(part).length) : text,
  center: (text, args) => centred(text, ...paddingOf(args)),
  ljust: (text, args) => text + filling(text, args),
  rjust: (text, args) => filling(text, args) + text,
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
  isascii: is(/^\p{ASCII}*$/u),
  isprintable: (text) => Array.from(text).every(isPrintable),
  // Powers, indices and numbers in signs are digits, though not decimal ones.
  isdigit: is(/^[\p{Nd}²³¹⁰⁴-⁹₀-₉①-⑨⑴-⑼⒈-⒐]+$/u),
  isdecimal: is(/^\p{Nd}+$/u),
  isnumeric: is(/^\p{N}+$/u),
  isalpha: is(/^\p{L}+$/u),
  isalnum: is(/^[\p{L}\p{N}]+$/u),
  isspace: is(new RegExp(`^[${blanks}]+$`)),
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
