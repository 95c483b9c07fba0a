/** Polynomials that are spelled out in a graph: read, differentiated, evaluated. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { add, constantLike, mul, numberOf, range, scale } from "../engine/expressions.ts";

/** Coefficients, that of the constant first. */
export type Polynomial = readonly number[];

/** Deep enough for c · (x + a · x³), and a bound where the values are of something else. */
const maxDepth = 5;
const maxPower = 4;

const plus = (p: Polynomial, q: Polynomial): Polynomial =>
  range(Math.max(p.length, q.length)).map((i) => (p[i] ?? 0) + (q[i] ?? 0));

const times = (p: Polynomial, q: Polynomial): Polynomial =>
  p.map((c, i) => [...range(i).map(() => 0), ...q.map((d) => c * d)]).reduce<Polynomial>(plus, []);

function power(p: Polynomial, exponent: Polynomial): Polynomial | undefined {
  const [n] = exponent;
  if (exponent.length !== 1 || !range(maxPower + 1).includes(n!)) return undefined;
  return range(n!).reduce<Polynomial>((product) => times(product, p), [1]);
}

const readers: Readonly<Record<string, (p: Polynomial, q: Polynomial) => Polynomial | undefined>> =
  { Add: plus, Mul: times, Pow: power };

/** The value as a polynomial of `x`; `undefined` if it is not one. */
export function polynomialOf(
  b: GraphBuilder,
  value: Value,
  x: Value,
  depth = maxDepth,
): Polynomial | undefined {
  if (value === x) return [0, 1];
  const constant = numberOf(b, value);
  if (constant !== undefined) return [constant];
  const node = b.producer(value);
  return node === undefined || depth === 0 ? undefined : readNode(b, node, x, depth - 1);
}

function readNode(
  b: GraphBuilder,
  { opType, inputs }: Node,
  x: Value,
  depth: number,
): Polynomial | undefined {
  if (!Object.hasOwn(readers, opType)) return undefined;
  const p = polynomialOf(b, inputs[0]!, x, depth);
  const q = p && polynomialOf(b, inputs[1]!, x, depth);
  return p && q && readers[opType]!(p, q);
}

/** p' */
export function derivative(p: Polynomial): Polynomial {
  return p.length < 2 ? [0] : p.slice(1).map((c, i) => c * (i + 1));
}

/** p(x), by Horner's scheme: in x² where only even powers count, which p and p' then share. */
export function evaluate(b: GraphBuilder, p: Polynomial, x: Value): Value {
  const [constant, ...rest] = p as readonly [number, ...number[]];
  if (rest.length === 0) return constantLike(b, x, constant);
  if (constant === 0) {
    return rest.length === 1 ? scale(b, x, rest[0]!) : mul(b, x, evaluate(b, rest, x));
  }
  const isEven = rest.length > 1 && rest.every((c, i) => i % 2 === 1 || c === 0);
  if (isEven) return evaluate(b, p.filter((_, i) => i % 2 === 0), mul(b, x, x));
  return add(b, evaluate(b, [0, ...rest], x), constantLike(b, x, constant));
}
