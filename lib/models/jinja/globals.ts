/** Names that every template knows. @module */
import { strftimeNow } from "../strftime.ts";
import { textOf } from "./python_text.ts";
import { TemplateError } from "./template_error.ts";
import {
  integerOf,
  iterate,
  type Named,
  Namespace,
  PyFunction,
  PyObject,
  PyRange,
  typeName,
} from "./values.ts";

/** Items of a range, as in the sandbox in which Python renders templates. */
const maxItems = 100_000;

/** Characters of a template's own message that reach the user. */
const longestMessage = 1_000;

/** The functions by name. */
export const globals: Readonly<Record<string, unknown>> = {
  range: new PyFunction("range", range),
  dict: new PyFunction("dict", dictOf),
  namespace: new PyFunction("namespace", (args, named) => new Namespace(attributes(args, named))),
  joiner: new PyFunction("joiner", ([first], named) => {
    const separator = first ?? named.get("sep");
    let wasUsed = false;
    return new PyFunction("joiner", () => {
      const text = wasUsed ? separator ?? ", " : "";
      wasUsed = true;
      return text;
    });
  }),
  cycler: new PyFunction("cycler", cycler),
  raise_exception: new PyFunction("raise_exception", ([message], named) => {
    const words = textOf(message ?? named.get("message") ?? "");
    throw new TemplateError(words.slice(0, longestMessage));
  }),
  strftime_now: new PyFunction("strftime_now", ([first], named) => {
    const format = first ?? named.get("format");
    if (typeof format === "string") return strftimeNow(format);
    throw new TemplateError(`strftime_now takes a text, not '${typeName(format)}'`);
  }),
};

function range(args: readonly unknown[]): PyRange {
  const numbers = args.map(integerOf);
  if (numbers.length === 0) throw new TemplateError("range expected at least 1 argument, got 0");
  const [from, to, by] = numbers.length < 2
    ? [0, numbers[0] ?? 0, 1]
    : [numbers[0]!, numbers[1]!, numbers[2] ?? 1];
  if (by === 0) throw new TemplateError("range() arg 3 must not be zero");
  const length = Math.max(0, Math.ceil((to - from) / by));
  if (length > maxItems) {
    throw new TemplateError(`range() of ${length} items, at most ${maxItems} are supported`, true);
  }
  const items = Array.from({ length }, (_, i) => from + i * by);
  return new PyRange(by === 1 ? [from, to] : [from, to, by], items);
}

function dictOf([from]: readonly unknown[], named: Named): Map<unknown, unknown> {
  const pairs = from === undefined
    ? []
    : from instanceof Map
    ? [...from]
    : iterate(from).map((pair) => iterate(pair) as [unknown, unknown]);
  return new Map<unknown, unknown>([...pairs, ...named]);
}

/** Attributes of a namespace; names of Python's own are refused. */
function attributes(args: readonly unknown[], named: Named): Map<string, unknown> {
  const all = dictOf(args, named) as Map<string, unknown>;
  for (const name of all.keys()) {
    if (String(name).startsWith("_")) {
      throw new TemplateError(`a namespace cannot have the attribute '${name}'`);
    }
  }
  return all;
}

function cycler(items: readonly unknown[]): PyObject {
  let at = 0;
  const attributes = new Map<string, unknown>([["current", items[0]]]);
  const step = () => {
    const value = items[at % items.length];
    at++;
    attributes.set("current", items[at % items.length]);
    return value;
  };
  attributes.set("next", new PyFunction("next", step));
  return new PyObject("Cycler", attributes);
}
