/** Writes values as Python does: `str()`, `repr()`, and JSON. @module */
import {
  DictView,
  numberOf,
  PyFloat,
  PyFunction,
  PyRange,
  PyTuple,
  typeName,
  Undefined,
} from "./values.ts";
import { joined, repeated } from "./size_limit.ts";
import { TemplateError } from "./template_error.ts";

/** A value as text: Python's `str()`. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : value instanceof Undefined ? "" : reprOf(value);
}

/** A value as it is written in a program: Python's `repr()`. */
export function reprOf(value: unknown): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return wholeText(value);
  if (typeof value === "string") return quoted(value);
  if (value instanceof PyFloat) return floatText(value.value);
  if (value instanceof Undefined) return "Undefined";
  if (value instanceof Map) {
    const entries = Array.from(value, ([key, item]) => `${reprOf(key)}: ${reprOf(item)}`);
    return `{${joined(entries, ", ")}}`;
  }
  if (value instanceof PyRange) return `range(${value.ends.join(", ")})`;
  if (value instanceof DictView) return `${value.name}(${reprOf([...value.items])})`;
  if (!Array.isArray(value)) {
    return value instanceof PyFunction ? `<function ${value.name}>` : `<${typeName(value)} object>`;
  }
  const items = joined(value.map(reprOf), ", ");
  if (value instanceof PyTuple) return value.length === 1 ? `(${items},)` : `(${items})`;
  return `[${items}]`;
}

function wholeText(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : BigInt(Math.trunc(value)).toString();
}

/** A float: with an exponent below 1e-4 and from 1e16. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  return Number.isInteger(value) ? `${Object.is(value, -0) ? "-0" : value}.0` : String(value);
}

const named: Readonly<Record<string, string>> = { "\n": "\\n", "\t": "\\t", "\r": "\\r" };

/** A text in quotes: single ones, if it does not have them alone. */
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = Array.from(text, (character) => {
    if (character === quote || character === "\\") return `\\${character}`;
    return named[character] ?? (isPrintable(character) ? character : escaped(character));
  }).join("");
  return quote + body + quote;
}

/** Whether a character is written as it is. */
export function isPrintable(character: string): boolean {
  return character === " " || !/^[\p{C}\p{Z}]$/u.test(character);
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!;
  const hex = (width: number) => code.toString(16).padStart(width, "0");
  return code < 0x100 ? `\\x${hex(2)}` : code < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(8)}`;
}

/** How JSON is written. */
export interface JsonStyle {
  readonly ascii: boolean;
  /** Blanks of a level; absent: all in one line. */
  readonly indent: string | undefined;
  /** Between items, and between a key and its value. */
  readonly separators: readonly [string, string];
  readonly sortKeys: boolean;
}

/** A value as Python's `json.dumps()` writes it. @throws {TemplateError} If JSON has no such value. */
export function jsonText(value: unknown, style: JsonStyle, level = 0): string {
  if (value === null) return "null";
  if (typeof value === "string") return jsonString(value, style);
  if (typeof value === "boolean") return String(value);
  const number = numberOf(value);
  if (number !== undefined) return jsonNumber(value);
  const inner = (item: unknown) => jsonText(item, style, level + 1);
  if (Array.isArray(value)) return wrapped(value.map(inner), "[]", style, level);
  if (!(value instanceof Map)) {
    throw new TemplateError(`Object of type ${typeName(value)} is not JSON serializable`);
  }
  const entries = [...value].map(([key, item]) =>
    [
      keyText(key),
      `${jsonString(keyText(key), style)}${style.separators[1]}${inner(item)}`,
    ] as const
  );
  if (style.sortKeys) entries.sort(([a], [b]) => a < b ? -1 : 1);
  return wrapped(entries.map(([, text]) => text), "{}", style, level);
}

function jsonNumber(value: unknown): string {
  const text = reprOf(value);
  return ({ nan: "NaN", inf: "Infinity", "-inf": "-Infinity" } as Record<string, string>)[text] ??
    text;
}

function keyText(key: unknown): string {
  if (typeof key === "string") return key;
  return key === null ? "null" : typeof key === "boolean" ? String(key) : textOf(key);
}

function jsonString(text: string, { ascii }: JsonStyle): string {
  const json = JSON.stringify(text);
  if (!ascii) return json;
  return json.replaceAll(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function wrapped(
  items: readonly string[],
  [open, close]: string,
  { indent, separators: [between] }: JsonStyle,
  level: number,
): string {
  if (items.length === 0 || indent === undefined) return `${open}${joined(items, between)}${close}`;
  const line = (depth: number) => `\n${repeated(indent, depth)}`;
  const inner = joined(items, between.trimEnd() + line(level + 1));
  return open + line(level + 1) + inner + line(level) + close;
}
