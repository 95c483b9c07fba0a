/** Python's two ways to format texts: `"%s" % x` and `"{}".format(x)`. @module */
import { fixed } from "./decimals.ts";
import { reprOf, textOf } from "./python_text.ts";
import { repeated, replacedAll } from "./size_limit.ts";
import { TemplateError } from "./template_error.ts";
import {
  charactersOf,
  defined,
  type Named,
  numberOf,
  PyFloat,
  PyTuple,
  typeName,
} from "./values.ts";

/** How a value is written in a place. */
interface Spec {
  readonly fill: string;
  /** `<`, `>`, `^`, or `=`: zeros behind the sign. */
  readonly align: string | undefined;
  readonly sign: string;
  readonly width: number;
  /** What stands between thousands. */
  readonly between: string;
  /** Whether `0x` and the like is written. */
  readonly alternate: boolean;
  readonly precision: number | undefined;
  readonly type: string;
}

/** `%` of a text: a tuple of values, a dict for `%(name)s`, or one. @throws {TemplateError} If they do not go with it. */
export function percentFormat(text: string, values: unknown): string {
  const list = values instanceof PyTuple ? [...values] : [values];
  const result = replacedAll(
    text,
    /%(?:\((\w+)\))?([-+ 0#]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g,
    (_, name, flags = "", width, precision, type = "") => {
      if (type === "%") return "%";
      const value = name !== undefined && values instanceof Map ? values.get(name) : list.shift();
      if (value === undefined) throw new TemplateError("not enough arguments for format string");
      return written(type === "r" ? reprOf(value) : value, {
        fill: flags.includes("0") && !flags.includes("-") ? "0" : " ",
        align: flags.includes("-") ? "<" : flags.includes("0") ? "=" : ">",
        sign: /[+ ]/.exec(flags)?.[0] ?? "",
        width: Number(width ?? 0),
        between: "",
        alternate: flags.includes("#"),
        precision: precision === undefined ? undefined : Number(precision),
        type: ({ i: "d", u: "d", r: "s" } as Record<string, string>)[type] ?? type,
      });
    },
  );
  if (list.length > 0 && !(values instanceof Map)) {
    throw new TemplateError("not all arguments converted during string formatting");
  }
  return result;
}

/** `str.format()`. Fields are numbers or names, without attributes. @throws {TemplateError} If one is missing. */
export function braceFormat(text: string, args: readonly unknown[], named: Named): string {
  let next = 0;
  return replacedAll(
    text,
    /\{\{|\}\}|\{(\w*)(?:!([rs]))?(?::([^{}]*))?\}/g,
    (whole, field = "", conversion, spec) => {
      if (whole === "{{" || whole === "}}") return whole[0]!;
      const key = field === "" ? next++ : /^\d+$/.test(field) ? Number(field) : field;
      const value = typeof key === "number" ? args[key] : named.get(key);
      if (value === undefined) throw new TemplateError(`no argument ${reprOf(key)} for format()`);
      return written(conversion === "r" ? reprOf(value) : value, specOf(spec ?? ""));
    },
  );
}

function specOf(text: string): Spec {
  const found = /^(?:(.)?([<>=^]))?([-+ ]?)(#?)(0?)(\d*)([,_]?)(?:\.(\d+))?([a-zA-Z%]?)$/u.exec(
    text,
  );
  if (found === null) throw new TemplateError(`Invalid format specifier ${reprOf(text)}`);
  const [, fill, align, sign = "", alternate, zero, width, comma, precision, type = ""] = found;
  return {
    fill: fill ?? (zero === "0" ? "0" : " "),
    align: align ?? (zero === "0" ? "=" : undefined),
    sign: sign === "-" ? "" : sign,
    width: Number(width || 0),
    between: comma ?? "",
    alternate: alternate === "#",
    precision: precision === undefined ? undefined : Number(precision),
    type,
  };
}

function written(value: unknown, spec: Spec): string {
  const number = typeof value === "boolean" && spec.type === "" ? undefined : numberOf(value);
  const isNumeric = "dfFeEgGxXob%".includes(spec.type) && spec.type !== "";
  if (isNumeric && number === undefined) {
    defined(value);
    throw new TemplateError(
      `%${spec.type} format: a real number is required, not ${typeName(value)}`,
    );
  }
  const text = number === undefined || spec.type === "s"
    ? Array.from(textOf(value)).slice(0, spec.precision).join("")
    : spec.type === "c"
    ? String.fromCodePoint(number)
    : numberText(value, number, spec);
  return padded(text, spec, number === undefined ? "<" : ">");
}

function numberText(
  value: unknown,
  number: number,
  { type, precision, between, sign, alternate }: Spec,
): string {
  const size = Math.abs(number);
  const digits = digitsOf(value, size, type.toLowerCase(), precision);
  const grouped = between === ""
    ? digits
    : digits.replace(/^\d+/, (whole) => whole.replace(/\B(?=(?:\d{3})+$)/g, between));
  const based = alternate && "xob".includes(type.toLowerCase()) ? `0${type}${grouped}` : grouped;
  const text = "XEG".includes(type) ? based.toUpperCase() : based;
  return (number < 0 || Object.is(number, -0) ? "-" : sign) + text;
}

function digitsOf(value: unknown, size: number, type: string, precision = 6): string {
  switch (type) {
    case "d":
      return String(Math.trunc(size));
    case "f":
      return fixed(size, precision);
    case "%":
      return `${fixed(size * 100, precision)}%`;
    case "e":
      return exponential(size, precision);
    case "g":
      return shortest(size, Math.max(1, precision));
    case "x":
      return size.toString(16);
    case "o":
      return size.toString(8);
    case "b":
      return size.toString(2);
    default:
      return textOf(value instanceof PyFloat ? new PyFloat(size) : size);
  }
}

const exponential = (size: number, digits: number) =>
  size.toExponential(digits).replace(/e([+-])(\d)$/, "e$10$2");

/** As many digits as count, with an exponent for small and large numbers. */
function shortest(size: number, digits: number): string {
  const [mantissa = "", power] = exponential(size, digits - 1).split("e");
  const exponent = Number(power);
  const bare = (text: string) => text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  if (exponent < -4 || exponent >= digits) return `${bare(mantissa)}e${power}`;
  return bare(size.toFixed(digits - 1 - exponent));
}

function padded(text: string, { fill, align, width }: Spec, usual: string): string {
  const missing = Math.max(0, width - charactersOf(text).length);
  switch (align ?? usual) {
    case "<":
      return text + repeated(fill, missing);
    case "^":
      return repeated(fill, missing >> 1) + text + repeated(fill, missing - (missing >> 1));
    case "=": {
      const sign = /^[-+ ]?/.exec(text)![0];
      return sign + repeated(fill, missing) + text.slice(sign.length);
    }
    default:
      return repeated(fill, missing) + text;
  }
}
