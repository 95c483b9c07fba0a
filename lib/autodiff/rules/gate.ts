/**
 * Activation functions exported as products u · f: SiLU and its relatives with f = σ(k u), GELU with
 * f = 1 + erf(k u), its approximation with f = 1 + tanh(a u + b u³); f may be scaled, and so may u.
 * How steep they are is built in one go, from what the forward pass has computed already.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/builder.ts";
import { add, complement, constantLike, mul, numberOf, scale, sub } from "../expressions.ts";
import { derivative, evaluate, polynomialOf } from "./polynomial.ts";

/** A value as a multiple of another. */
interface Multiple {
  readonly base: Value;
  readonly factor: number;
}

/** A product y = u · f and what its factors are multiples of: u of x, f of the gate h. */
interface GatedProduct {
  readonly u: Value;
  readonly f: Value;
  readonly y: Value;
  readonly whole: Multiple;
  readonly gate: Multiple;
}

/** ∂y/∂u, the part through f included; `undefined` if f is no gate of this kind. */
type Slope = (b: GraphBuilder, product: GatedProduct) => Value | undefined;

/** Reads x · k, k · x and x / k. */
function multipleOf(b: GraphBuilder, value: Value): Multiple {
  const node = b.producer(value);
  const [x, z] = node?.inputs ?? [];
  if ((node?.opType !== "Mul" && node?.opType !== "Div") || !x || !z) {
    return { base: value, factor: 1 };
  }
  const right = numberOf(b, z);
  if (right !== undefined) return { base: x, factor: node.opType === "Mul" ? right : 1 / right };
  const left = node.opType === "Mul" ? numberOf(b, x) : undefined;
  return left === undefined ? { base: value, factor: 1 } : { base: z, factor: left };
}

/** k in t = k u, if it is positive. */
function ratioOf(b: GraphBuilder, t: Value, { whole }: GatedProduct): number | undefined {
  const inner = multipleOf(b, t);
  const k = inner.factor / whole.factor;
  return inner.base === whole.base && k > 0 ? k : undefined;
}

/** t in 1 + op(t). */
function argumentOfSum(b: GraphBuilder, sum: Value, op: string): Value | undefined {
  const node = b.producer(sum);
  if (node?.opType !== "Add") return undefined;
  const at = node.inputs.findIndex((input) => b.producer(input)?.opType === op);
  if (at < 0 || numberOf(b, node.inputs[1 - at]!) !== 1) return undefined;
  return b.producer(node.inputs[at]!)!.inputs[0]!;
}

/** f + k y (1 − h) for h = σ(k u). */
const sigmoidSlope: Slope = (b, product) => {
  const { f, y, gate } = product;
  const node = b.producer(gate.base);
  const k = node?.opType === "Sigmoid" ? ratioOf(b, node.inputs[0]!, product) : undefined;
  if (k === undefined) return undefined;
  return add(b, f, scale(b, mul(b, y, complement(b, gate.base)), k));
};

/** f + u exp(ln(2km/√π) − t²) for f = m (1 + erf(t)), t = k u. */
const erfSlope: Slope = (b, product) => {
  const { u, f, gate } = product;
  const t = argumentOfSum(b, gate.base, "Erf");
  const k = t === undefined ? undefined : ratioOf(b, t, product);
  if (t === undefined || k === undefined || !(gate.factor > 0)) return undefined;
  const height = constantLike(b, u, Math.log(2 * k * gate.factor / Math.sqrt(Math.PI)));
  return add(b, f, mul(b, u, b.op("Exp", [sub(b, height, mul(b, t, t))])));
};

/** f + y (2 − h) p'(x) x/u for h = 1 + tanh(p(x)): h' = h (2 − h) p'. */
const tanhSlope: Slope = (b, { f, y, whole, gate }) => {
  const t = argumentOfSum(b, gate.base, "Tanh");
  const p = t === undefined ? undefined : polynomialOf(b, t, whole.base);
  if (p === undefined) return undefined;
  const rate = derivative(p).map((coefficient) => coefficient / whole.factor);
  const rest = sub(b, constantLike(b, y, 2), gate.base);
  return add(b, f, mul(b, mul(b, y, rest), evaluate(b, rate, whole.base)));
};

const slopes: readonly Slope[] = [sigmoidSlope, erfSlope, tanhSlope];

/** ∂y/∂u of y = u · f(u), the part through f included; `undefined` if f is not read as a gate of u. */
export function gateSlope(b: GraphBuilder, u: Value, f: Value, y: Value): Value | undefined {
  const product = { u, f, y, whole: multipleOf(b, u), gate: multipleOf(b, f) };
  for (const slope of slopes) {
    const value = slope(b, product);
    if (value !== undefined) return value;
  }
  return undefined;
}
