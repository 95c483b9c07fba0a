/**
 * Arithmetic on symbolic dimensions. A sum of products of symbols is written in one canonical form,
 * so that two ways to the same size give the same string: `batch*seq`, `past + seq`, `2*height - 1`.
 * What is no such sum is a symbol of its own: `floor((h - 1)/2)`, `max(a, b)`. Below zero a quotient is
 * rounded towards zero under the name of `floor`; sizes are never there.
 *
 * @module
 */
import type { Dim } from "./model.ts";

/** Coefficient of each product of symbols; the key of the constant is the empty string. */
type Polynomial = ReadonlyMap<string, number>;

let unknownDims = 0;

/** A symbol that is equal to nothing but itself. */
export function unknownDim(): Dim {
  return `?${unknownDims++}`;
}

/** Whether a dimension is no more than a placeholder. */
export function isUnknownDim(dim: Dim): boolean {
  return typeof dim === "string" && dim.startsWith("?") && /^\?\d+$/.test(dim);
}

const parsed = new Map<string, Polynomial>();
const parsedLimit = 20_000;

function polynomialOf(dim: Dim): Polynomial {
  if (typeof dim === "number") return new Map(dim === 0 ? [] : [["", dim]]);
  const known = parsed.get(dim);
  if (known !== undefined) return known;
  if (dim.length > longestText) return new Map([[dim, 1]]);
  const polynomial = parse(dim) ?? new Map([[dim, 1]]);
  if (parsed.size > parsedLimit) parsed.clear();
  parsed.set(dim, polynomial);
  return polynomial;
}

const factorPattern = /^(?:\d+|[A-Za-z_?][\w.?:/]*)$/;

/** Splits at a separator outside parentheses; the separators are kept at odd places. */
function splitOutside(text: string, separators: readonly string[]): string[] {
  const pieces: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")") depth--;
    const separator = depth === 0 ? separators.find((s) => text.startsWith(s, i)) : undefined;
    if (separator === undefined) continue;
    pieces.push(text.slice(start, i), separator);
    i += separator.length - 1;
    start = i + 1;
  }
  pieces.push(text.slice(start));
  return pieces;
}

function parse(text: string): Polynomial | undefined {
  const pieces = splitOutside(text, [" + ", " - "]);
  const terms = new Map<string, number>();
  for (let i = 0; i < pieces.length; i += 2) {
    const term = parseTerm(pieces[i]!);
    if (term === undefined) return undefined;
    addTerm(terms, term.product, i > 0 && pieces[i - 1] === " - " ? -term.factor : term.factor);
  }
  return terms;
}

function parseTerm(text: string): { product: string; factor: number } | undefined {
  const negative = text.startsWith("-");
  let factor = negative ? -1 : 1;
  const symbols: string[] = [];
  for (const piece of splitOutside(negative ? text.slice(1) : text, ["*"])) {
    if (piece === "*") continue;
    if (!factorPattern.test(piece) && !/^\w+\(.*\)$/.test(piece)) return undefined;
    if (/^\d+$/.test(piece)) factor *= Number(piece);
    else symbols.push(piece);
  }
  return { product: symbols.sort().join("*"), factor };
}

function addTerm(terms: Map<string, number>, product: string, factor: number): void {
  const sum = (terms.get(product) ?? 0) + factor;
  if (sum === 0) terms.delete(product);
  else terms.set(product, sum);
}

/** Longer texts and sums say no more than that a size is not known; products of them would grow on. */
const longestText = 1000;
const maxTerms = 100;

function dimOf(polynomial: Polynomial): Dim {
  if (polynomial.size === 0) return 0;
  if (polynomial.size === 1 && polynomial.has("")) return polynomial.get("")!;
  if (polynomial.size > maxTerms) return unknownDim();
  const products = [...polynomial.keys()].sort(byProduct);
  let text = "";
  for (const product of products) {
    const factor = polynomial.get(product)!;
    const size = Math.abs(factor);
    const term = product === "" ? String(size) : size === 1 ? product : `${size}*${product}`;
    if (text === "") text = factor < 0 ? `-${term}` : term;
    else text += factor < 0 ? ` - ${term}` : ` + ${term}`;
  }
  return bounded(text);
}

function bounded(text: string): Dim {
  return text.length > longestText ? unknownDim() : text;
}

/** Symbols first, in order of their names; the constant comes last. */
function byProduct(a: string, b: string): number {
  if (a === "" || b === "") return a === "" ? 1 : -1;
  return a < b ? -1 : 1;
}

/** The sum. */
export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a + b;
  return dimOf(combine(polynomialOf(a), polynomialOf(b), 1));
}

/** The difference. */
export function subtractDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return dimOf(combine(polynomialOf(a), polynomialOf(b), -1));
}

function combine(a: Polynomial, b: Polynomial, sign: number): Polynomial {
  const terms = new Map(a);
  for (const [product, factor] of b) addTerm(terms, product, sign * factor);
  return terms;
}

/** The product. */
export function multiplyDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a * b;
  if (a === 1) return b;
  if (b === 1) return a;
  return dimOf(multiply(polynomialOf(a), polynomialOf(b)));
}

function multiply(a: Polynomial, b: Polynomial): Polynomial {
  if (a.size * b.size > maxTerms ** 2) return new Map([[unknownDim() as string, 1]]);
  const terms = new Map<string, number>();
  for (const [p, f] of a) for (const [q, g] of b) addTerm(terms, joinProducts(p, q), f * g);
  return terms;
}

function joinProducts(p: string, q: string): string {
  if (p === "") return q;
  if (q === "") return p;
  return [...factors(p), ...factors(q)].sort().join("*");
}

function factors(product: string): string[] {
  return product === "" ? [] : splitOutside(product, ["*"]).filter((s) => s !== "*");
}

/** Product of all dimensions: the number of elements. */
export function productOfDims(dims: readonly Dim[]): Dim {
  let product: Dim = 1;
  for (const dim of dims) product = multiplyDims(product, dim);
  return product;
}

/** The quotient, rounded towards zero as ONNX's Div divides integers; its symbol says `floor`. */
export function divideDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return Math.trunc(a / b);
  if (b === 1) return a;
  const quotient = divideExactly(polynomialOf(a), polynomialOf(b));
  return quotient === undefined ? bounded(`floor(${group(a)}/${group(b)})`) : dimOf(quotient);
}

function group(dim: Dim): string {
  return typeof dim === "string" && /[ *]/.test(dim) ? `(${dim})` : String(dim);
}

/** a / b if there is a single term that makes up for it. */
function divideExactly(a: Polynomial, b: Polynomial): Polynomial | undefined {
  const [lead] = b;
  if (lead === undefined) return undefined;
  if (b.size === 1) return divideByTerm(a, lead);
  for (const term of a) {
    const ratio = divideByTerm(new Map([term]), lead);
    if (ratio !== undefined && dimOf(multiply(b, ratio)) === dimOf(a)) return ratio;
  }
  return undefined;
}

function divideByTerm(
  a: Polynomial,
  [product, factor]: readonly [string, number],
): Polynomial | undefined {
  const terms = new Map<string, number>();
  for (const [p, f] of a) {
    const rest = without(factors(p), factors(product));
    if (rest === undefined || f % factor !== 0) return undefined;
    terms.set(rest.join("*"), f / factor);
  }
  return terms;
}

function without(symbols: string[], removed: readonly string[]): string[] | undefined {
  for (const symbol of removed) {
    const at = symbols.indexOf(symbol);
    if (at < 0) return undefined;
    symbols.splice(at, 1);
  }
  return symbols;
}

/** The quotient rounded up. */
export function divideDimsUp(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return Math.ceil(a / b);
  return divideDims(addDims(a, subtractDims(b, 1)), b);
}

/**
 * Sign of a − b if it is the same whatever the symbols are, each being at least 0; undefined if it
 * depends on them.
 */
export function compareDims(a: Dim, b: Dim): -1 | 0 | 1 | undefined {
  if (typeof a === "number" && typeof b === "number") return a < b ? -1 : a > b ? 1 : 0;
  if (a === b) return 0;
  const difference = combine(polynomialOf(a), polynomialOf(b), -1);
  if (difference.size === 0) return 0;
  const constant = difference.get("") ?? 0;
  const rest = [...difference].filter(([product]) => product !== "").map(([, f]) => f);
  if (constant > 0 && rest.every((f) => f > 0)) return 1;
  if (constant < 0 && rest.every((f) => f < 0)) return -1;
  return undefined;
}

function isAtMost(a: Dim, b: Dim): boolean {
  const difference = combine(polynomialOf(b), polynomialOf(a), -1);
  return [...difference.values()].every((factor) => factor >= 0);
}

/** The smaller one. */
export function minDims(a: Dim, b: Dim): Dim {
  if (isAtMost(a, b)) return a;
  if (isAtMost(b, a)) return b;
  return bounded(`min(${[String(a), String(b)].sort().join(", ")})`);
}

/** The larger one. */
export function maxDims(a: Dim, b: Dim): Dim {
  if (isAtMost(a, b)) return b;
  if (isAtMost(b, a)) return a;
  return bounded(`max(${[String(a), String(b)].sort().join(", ")})`);
}

/** The remainder. */
export function moduloDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return ((a % b) + b) % b;
  if (divideExactly(polynomialOf(a), polynomialOf(b)) !== undefined) return 0;
  return bounded(`mod(${a}, ${b})`);
}

/** The dimension with symbols replaced by sizes. */
export function substituteDim(dim: Dim, sizes: Readonly<Record<string, number>>): Dim {
  const sizeOf = (symbol: string) => Object.hasOwn(sizes, symbol) ? sizes[symbol] : undefined;
  return sizeOf(String(dim)) ?? replaceSymbols(dim, sizeOf);
}

/**
 * The dimension with symbols replaced; those that `replacement` knows nothing of stay.
 *
 * @example
 * ```ts
 * replaceSymbols("2*past + seq", (symbol) => `left.${symbol}`); // "2*left.past + left.seq"
 * ```
 */
export function replaceSymbols(dim: Dim, replacement: Replacement): Dim {
  if (typeof dim === "number") return dim;
  let result: Dim = 0;
  for (const [product, factor] of polynomialOf(dim)) {
    const replaced = factors(product).map((symbol) => replaceFactor(symbol, replacement));
    result = addDims(result, multiplyDims(factor, productOfDims(replaced)));
  }
  return result;
}

type Replacement = (symbol: string) => Dim | undefined;

type Operation = (a: Dim, b: Dim) => Dim;

/** Functions in symbols, by name, and what separates their operands. */
const operations: Readonly<Record<string, readonly [separator: string, Operation]>> = {
  floor: ["/", divideDims],
  min: [", ", minDims],
  max: [", ", maxDims],
  mod: [", ", moduloDims],
  broadcast: [", ", broadcastDim],
};

function replaceFactor(symbol: string, replacement: Replacement): Dim {
  const whole = () => replacement(symbol) ?? symbol;
  const call = /^(\w+)\((.*)\)$/.exec(symbol);
  const operation = call === null ? undefined : operations[call[1]!];
  if (operation === undefined) return whole();
  const [separator, apply] = operation;
  const [a, , b] = splitOutside(call![2]!, [separator]);
  if (a === undefined || b === undefined) return whole();
  return apply(
    replaceSymbols(ungroup(a), replacement),
    replaceSymbols(ungroup(b), replacement),
  );
}

function ungroup(operand: string): Dim {
  const inner = /^\((.*)\)$/.exec(operand)?.[1] ?? operand;
  return /^-?\d+$/.test(inner) ? Number(inner) : inner;
}

/** The size of a dimension after NumPy broadcasting. */
export function broadcastDim(a: Dim, b: Dim): Dim {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  if (typeof a === "number") return a;
  if (typeof b === "number") return b;
  return bounded(`broadcast(${[a, b].sort().join(", ")})`);
}

/** The shape after NumPy broadcasting. */
export function broadcastDims(shapes: readonly (readonly Dim[])[]): readonly Dim[] {
  const rank = shapes.reduce((most, dims) => Math.max(most, dims.length), 0);
  return Array.from({ length: rank }, (_, axis) =>
    shapes.reduce<Dim>(
      (dim, dims) => broadcastDim(dim, dims[dims.length - rank + axis] ?? 1),
      1,
    ));
}
