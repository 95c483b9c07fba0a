/** Parses expressions, from the loosest operator to the tightest. @module */
import { PyFloat } from "./values.ts";
import type { Arguments, Expression } from "./syntax.ts";
import type { TokenStream } from "./token_stream.ts";

const constants: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["true", true],
  ["True", true],
  ["false", false],
  ["False", false],
  ["none", null],
  ["None", null],
]);

/** Whether a name is that of a value that never changes. */
export function isConstant(name: string): boolean {
  return constants.has(name);
}

/** Parses an expression. @param choices Whether `a if b else c` is one. */
export function parseExpression(stream: TokenStream, choices = true): Expression {
  return choices ? choice(stream) : disjunction(stream);
}

/** Parses an expression, or several with commas between: a tuple. @throws {TemplateError} If there is none. */
export function parseTuple(
  stream: TokenStream,
  { choices = true, inBrackets = false, ends = [] as readonly string[] } = {},
): Expression {
  const items: Expression[] = [];
  let isTuple = false;
  const isEnd = () =>
    stream.is("end") || stream.is("operator", ")") || stream.is("name", ...ends, "in");
  while (!isEnd() || (ends.length === 0 && stream.is("name", "in"))) {
    items.push(parseExpression(stream, choices));
    if (!stream.skip("operator", ",")) break;
    isTuple = true;
  }
  if (isTuple || (items.length === 0 && inBrackets)) return { kind: "tuple", items };
  if (items.length === 0) throw stream.mistake("expected an expression");
  return items[0]!;
}

function choice(stream: TokenStream): Expression {
  let value = disjunction(stream);
  while (stream.skip("name", "if")) {
    const test = disjunction(stream);
    const no = stream.skip("name", "else") ? choice(stream) : undefined;
    value = { kind: "choice", test, yes: value, no };
  }
  return value;
}

function disjunction(stream: TokenStream): Expression {
  let left = conjunction(stream);
  while (stream.skip("name", "or")) left = { kind: "or", left, right: conjunction(stream) };
  return left;
}

function conjunction(stream: TokenStream): Expression {
  let left = negation(stream);
  while (stream.skip("name", "and")) left = { kind: "and", left, right: negation(stream) };
  return left;
}

function negation(stream: TokenStream): Expression {
  return stream.skip("name", "not") ? { kind: "not", of: negation(stream) } : comparison(stream);
}

const comparisons = ["==", "!=", "<", "<=", ">", ">="];

function comparison(stream: TokenStream): Expression {
  const first = sum(stream);
  const others: [string, Expression][] = [];
  for (;;) {
    if (stream.is("operator", ...comparisons)) others.push([stream.take().text, sum(stream)]);
    else if (stream.skip("name", "in")) others.push(["in", sum(stream)]);
    else if (stream.is("name", "not") && stream.next.text === "in") {
      stream.take();
      stream.take();
      others.push(["not in", sum(stream)]);
    } else break;
  }
  return others.length === 0 ? first : { kind: "compare", first, others };
}

/** Operators of one rank, from left to right. */
function leftToRight(operators: readonly string[], inner: (stream: TokenStream) => Expression) {
  return (stream: TokenStream): Expression => {
    let left = inner(stream);
    while (stream.is("operator", ...operators)) {
      const operator = stream.take().text;
      left = { kind: "binary", operator, left, right: inner(stream) };
    }
    return left;
  };
}

const power = leftToRight(["**"], (stream) => unary(stream, true));
const product = leftToRight(["*", "/", "//", "%"], power);
const sum = leftToRight(["+", "-"], concatenation);

function concatenation(stream: TokenStream): Expression {
  const items = [product(stream)];
  while (stream.skip("operator", "~")) items.push(product(stream));
  return items.length === 1 ? items[0]! : { kind: "concat", items };
}

function unary(stream: TokenStream, filters: boolean): Expression {
  const signed: Expression = stream.skip("operator", "-")
    ? { kind: "negative", of: unary(stream, false) }
    : stream.skip("operator", "+")
    ? { kind: "positive", of: unary(stream, false) }
    : primary(stream);
  const value = postfix(stream, signed);
  return filters ? filtered(stream, value) : value;
}

function primary(stream: TokenStream): Expression {
  const { kind, text } = stream.current;
  if (kind === "name") {
    stream.take();
    return constants.has(text)
      ? { kind: "constant", value: constants.get(text) }
      : { kind: "name", name: text };
  }
  if (kind === "string") {
    let value = "";
    while (stream.is("string")) value += stream.take().text;
    return { kind: "constant", value };
  }
  if (kind === "integer" || kind === "float") {
    stream.take();
    const number = Number(text.replaceAll("_", ""));
    return { kind: "constant", value: kind === "float" ? new PyFloat(number) : number };
  }
  return bracketed(stream);
}

function bracketed(stream: TokenStream): Expression {
  if (stream.skip("operator", "(")) {
    const value = parseTuple(stream, { inBrackets: true });
    stream.expect("operator", ")");
    return value;
  }
  if (stream.skip("operator", "[")) {
    return { kind: "list", items: listed(stream, "]", parseExpression) };
  }
  if (stream.skip("operator", "{")) {
    const entries = listed(stream, "}", (): [Expression, Expression] => {
      const key = parseExpression(stream);
      stream.expect("operator", ":");
      return [key, parseExpression(stream)];
    });
    return { kind: "dict", entries };
  }
  throw stream.mistake("expected an expression");
}

/** What stands between brackets, with commas between. */
function listed<T>(stream: TokenStream, end: string, parse: (stream: TokenStream) => T): T[] {
  const items: T[] = [];
  while (!stream.skip("operator", end)) {
    if (items.length > 0) stream.expect("operator", ",");
    if (stream.skip("operator", end)) break;
    items.push(parse(stream));
  }
  return items;
}

function postfix(stream: TokenStream, value: Expression): Expression {
  let of = value;
  for (;;) {
    if (stream.skip("operator", ".")) of = dotted(stream, of);
    else if (stream.skip("operator", "[")) of = subscript(stream, of);
    else if (stream.is("operator", "(")) of = { kind: "call", of, args: parseArguments(stream) };
    else return of;
  }
}

function dotted(stream: TokenStream, of: Expression): Expression {
  if (stream.is("integer")) {
    const key: Expression = { kind: "constant", value: Number(stream.take().text) };
    return { kind: "item", of, key };
  }
  return { kind: "attribute", of, name: stream.expect("name") };
}

function subscript(stream: TokenStream, of: Expression): Expression {
  const bounds: (Expression | undefined)[] = [];
  let isSlice = false;
  for (;;) {
    const isOpen = stream.is("operator", ":", "]");
    bounds.push(isOpen ? undefined : parseTuple(stream));
    if (!stream.skip("operator", ":")) break;
    isSlice = true;
  }
  stream.expect("operator", "]");
  if (isSlice) return { kind: "slice", of, bounds };
  const [key] = bounds;
  if (key === undefined) throw stream.mistake("expected an expression in brackets");
  return { kind: "item", of, key };
}

function filtered(stream: TokenStream, value: Expression): Expression {
  let of = value;
  for (;;) {
    if (stream.is("operator", "|")) of = parseFilter(stream, of)!;
    else if (stream.skip("name", "is")) of = test(stream, of);
    else if (stream.is("operator", "(")) of = { kind: "call", of, args: parseArguments(stream) };
    else return of;
  }
}

/** Parses filters behind a value, or behind a block's name where there is none. */
export function parseFilter(
  stream: TokenStream,
  value: Expression | undefined,
  isFirst = false,
): Expression | undefined {
  let of = value;
  for (let named = isFirst; named || stream.skip("operator", "|"); named = false) {
    const name = dottedName(stream);
    const args = stream.is("operator", "(") ? parseArguments(stream) : noArguments;
    of = { kind: "filter", name, of, args };
  }
  return of;
}

function dottedName(stream: TokenStream): string {
  let name = stream.expect("name");
  while (stream.skip("operator", ".")) name += `.${stream.expect("name")}`;
  return name;
}

const noArguments: Arguments = { values: [], named: [] };

function test(stream: TokenStream, of: Expression): Expression {
  const negated = stream.skip("name", "not");
  const name = dottedName(stream);
  const found: Expression = { kind: "test", name, of, args: testArguments(stream) };
  return negated ? { kind: "not", of: found } : found;
}

/** The one argument of a test may stand without brackets. */
function testArguments(stream: TokenStream): Arguments {
  if (stream.is("operator", "(")) return parseArguments(stream);
  const begins = stream.is("name") || stream.is("string") || stream.is("integer") ||
    stream.is("float") || stream.is("operator", "[", "{");
  if (!begins || stream.is("name", "else", "or", "and", "if", "is")) return noArguments;
  return { values: [postfix(stream, primary(stream))], named: [] };
}

/** Parses arguments in brackets. */
export function parseArguments(stream: TokenStream): Arguments {
  stream.expect("operator", "(");
  const values: Expression[] = [];
  const named: [string, Expression][] = [];
  let spread: Expression | undefined;
  let spreadNamed: Expression | undefined;
  listed(stream, ")", () => {
    if (stream.skip("operator", "*")) spread = parseExpression(stream);
    else if (stream.skip("operator", "**")) spreadNamed = parseExpression(stream);
    else if (stream.is("name") && stream.next.kind === "operator" && stream.next.text === "=") {
      const name = stream.take().text;
      stream.take();
      named.push([name, parseExpression(stream)]);
    } else values.push(parseExpression(stream));
  });
  return { values, named, spread, spreadNamed };
}
