/** Filters: what may stand behind `|`. A new one is a row here, or in list_filters.ts. @module */
import { type Filter, Given } from "./arguments.ts";
import { linesOf } from "./blanks.ts";
import { fixed } from "./decimals.ts";
import { percentFormat } from "./format_text.ts";
import { listFilters, oneByOne } from "./list_filters.ts";
import { capitalized, centred, methodOf } from "./methods.ts";
import { jsonText, textOf } from "./python_text.ts";
import { joined, repeated } from "./size_limit.ts";
import { TemplateError } from "./template_error.ts";
import {
  charactersOf,
  defined,
  integerOf,
  isTrue,
  lengthOf,
  type Named,
  numberOf,
  PyFloat,
  type PyFunction,
  PyObject,
  tupleOf,
  typeName,
  Undefined,
} from "./values.ts";

/** A method of texts as a filter of any value's text; arguments may be given by these names. */
const asMethod = (name: string, ...names: readonly string[]): Filter => (value, given) => {
  const values = names.map((argument, i) => given.get(i, argument));
  return (methodOf(textOf(value), name) as PyFunction).call(values, new Map());
};

const absentOr: Filter = (value, given) => {
  const isMissing = value instanceof Undefined || (given.flag(1, "boolean") && !isTrue(value));
  return isMissing ? given.or(0, "default_value", "") : value;
};

const length: Filter = (value) => {
  const found = lengthOf(value);
  if (found !== undefined) return found;
  throw new TemplateError(`object of type '${typeName(value)}' has no len()`);
};

const signs: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "'": "&#39;",
  '"': "&#34;",
};
const escape: Filter = (value) => textOf(value).replaceAll(/[&<>'"]/g, (sign) => signs[sign]!);

const filters: Readonly<Record<string, Filter>> = {
  ...listFilters,
  upper: asMethod("upper"),
  lower: asMethod("lower"),
  title: (value) => textOf(value).replaceAll(/[^-\s({[<]+/g, (word) => capitalized(word)),
  capitalize: (value) => capitalized(textOf(value)),
  trim: asMethod("strip", "chars"),
  replace: asMethod("replace", "old", "new", "count"),
  center: (value, given) => centred(textOf(value), given.whole(0, "width", 80)),
  string: (value) => textOf(value),
  safe: (value) => textOf(value),
  escape,
  e: escape,
  forceescape: escape,
  length,
  count: length,
  default: absentOr,
  d: absentOr,
  tojson: (value, given) => {
    const indent = given.get(1, "indent") ?? null;
    const separators = given.get(2, "separators") ?? null;
    return jsonText(value, {
      ascii: given.flag(0, "ensure_ascii"),
      indent: indent === null
        ? undefined
        : typeof indent === "number"
        ? repeated(" ", indent)
        : textOf(indent),
      separators: Array.isArray(separators)
        ? [textOf(separators[0]), textOf(separators[1])]
        : [indent === null ? ", " : ",", ": "],
      sortKeys: given.flag(3, "sort_keys"),
    });
  },
  int: (value, given) =>
    wholeOf(defined(value), given.whole(1, "base", 10)) ?? given.or(0, "default", 0),
  float: (value, given) => floatOf(defined(value)) ?? given.or(0, "default", new PyFloat(0)),
  abs: (value) => {
    const number = numberOf(defined(value));
    if (number === undefined) {
      throw new TemplateError(`bad operand type for abs(): '${typeName(value)}'`);
    }
    return value instanceof PyFloat ? new PyFloat(Math.abs(number)) : Math.abs(number);
  },
  round,
  indent,
  format: (value, { values, named }) =>
    percentFormat(textOf(value), named.size > 0 ? named : tupleOf(values)),
  wordcount: (value) => textOf(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0,
  truncate,
  items: (value) => {
    if (value instanceof Undefined || value instanceof Map) {
      const pairs = value instanceof Map ? [...value] : [];
      return oneByOne(pairs, function* (pair) {
        yield tupleOf(pair as readonly unknown[]);
      });
    }
    throw new TemplateError("Can only get item pairs from a mapping.");
  },
  attr: (value, given) => {
    const name = given.text(0, "name");
    const found = value instanceof PyObject ? value.attributes.get(name) : methodOf(value, name);
    return found ?? new Undefined(`'${typeName(value)} object' has no attribute '${name}'`);
  },
};

/** Applies a filter by its name. @throws {TemplateError} If there is none, or it does not go with the value. */
export function applyFilter(
  name: string,
  value: unknown,
  values: readonly unknown[],
  named: Named,
): unknown {
  if (!isFilter(name)) throw new TemplateError(`No filter named '${name}'`);
  return filters[name]!(value, new Given(values, named));
}

/** Whether there is a filter of a name. */
export function isFilter(name: string): boolean {
  return Object.hasOwn(filters, name);
}

function wholeOf(value: unknown, base: number): number | undefined {
  const number = numberOf(value);
  if (number !== undefined) return Number.isFinite(number) ? Math.trunc(number) : undefined;
  if (typeof value !== "string") return undefined;
  const text = value.trim().replaceAll("_", "");
  const digits = base === 10 ? /^[-+]?\d+$/ : /^[-+]?(?:0[box])?[\da-z]+$/i;
  if (digits.test(text)) {
    const found = parseInt(text.replace(/^([-+]?)0[box]/i, "$1"), base);
    return Number.isNaN(found) ? undefined : found;
  }
  const float = floatOf(text);
  return Number.isFinite(float?.value) ? Math.trunc(float!.value) : undefined;
}

function floatOf(value: unknown): PyFloat | undefined {
  const number = numberOf(value);
  if (number !== undefined) return new PyFloat(number);
  if (typeof value !== "string") return undefined;
  const text = value.trim().replaceAll("_", "").toLowerCase();
  const [, sign, word] = /^([-+]?)(nan|inf)(?:inity)?$/.exec(text) ?? [];
  if (word !== undefined) return new PyFloat(word === "nan" ? NaN : Number(`${sign}Infinity`));
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/.test(text)
    ? new PyFloat(Number(text))
    : undefined;
}

/** Halves go to the even number, as in Python. */
function round(value: unknown, given: Given): unknown {
  const number = numberOf(defined(value));
  if (number === undefined) throw new TemplateError(`cannot round '${typeName(value)}'`);
  const [digits, method] = [given.whole(0, "precision", 0), given.text(1, "method", "common")];
  if (method === "common" && !(value instanceof PyFloat)) return number;
  const scale = 10 ** digits;
  if (method !== "common") {
    return new PyFloat((method === "ceil" ? Math.ceil : Math.floor)(number * scale) / scale);
  }
  const size = digits > 0
    ? Number(fixed(Math.abs(number), digits))
    : Number(fixed(Math.abs(number) * scale, 0)) / scale;
  return new PyFloat(number < 0 || Object.is(number, -0) ? -size : size);
}

/** Blanks before all lines but the first, and but empty ones. */
function indent(value: unknown, given: Given): string {
  const width = given.get(0, "width") ?? 4;
  const blanks = typeof width === "string" ? width : repeated(" ", integerOf(width));
  const [first, blank] = [given.flag(1, "first"), given.flag(2, "blank")];
  if (typeof defined(value) !== "string") {
    throw new TemplateError(`indent takes a text, not '${typeName(value)}'`);
  }
  const lines = linesOf(`${textOf(value)}\n`)
    .map((line, i) => (i === 0 ? first : blank || line !== "") ? blanks + line : line);
  return joined(lines, "\n");
}

function truncate(value: unknown, given: Given): string {
  const text = textOf(value);
  const [most, leeway] = [given.whole(0, "length", 255), given.whole(3, "leeway", 5)];
  const end = given.text(2, "end", "...");
  if (charactersOf(text).length <= most + leeway) return text;
  const cut = text.slice(0, most - end.length);
  if (given.flag(1, "killwords")) return cut + end;
  const space = cut.lastIndexOf(" ");
  return (space < 0 ? cut : cut.slice(0, space)) + end;
}
