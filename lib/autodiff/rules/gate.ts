/**
 * Activation functions exported as products u · f: SiLU and its relatives with f = σ(k u), GELU with
 * f = 1 + erf(k u), its approximation with f = 1 + tanh(a u + b u³); f may be scaled, and so may u.
 * How steep they are is built in one go, from what the forward pass has computed already.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import { add, complement, constantLike, mul, numberOf, scale, sub } from "../engine/expressions.ts";
import { derivative, evaluate, polynomialOf } from "./polynomial.ts";

/** A value as a multiple of another. */
interface Multiple {
  readonly base: Value;
  readonly factor: number;
}

/** A product y = u · f(u), and the gradient g of y. */
export interface SelfProduct {
  readonly g: Value;
  readonly u: Value;
  readonly f: Value;
  readonly y: Value;
}

/** The same with what its factors are multiples of: u of x, f of the gate h. */
interface GatedProduct extends SelfProduct {
  readonly whole: Multiple;
  readonly gate: Multiple;
}

/** The gradient of u, the part through f included; `undefined` if f is no gate of this kind. */
type GateGrad = (b: GraphBuilder, product: GatedProduct) => Value | undefined;

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
  return inner.base === whole.base && k > 0 && k < Infinity ? k : undefined;
}

/** t in 1 + op(t). */
function argumentOfSum(b: GraphBuilder, sum: Value, op: string): Value | undefined {
  const node = b.producer(sum);
  if (node?.opType !== "Add") return undefined;
  const at = node.inputs.findIndex((input) => b.producer(input)?.opType === op);
  if (at < 0 || numberOf(b, node.inputs[1 - at]!) !== 1) return undefined;
  return b.producer(node.inputs[at]!)!.inputs[0]!;
}

/** g (f + k y (1 − h)) for h = σ(k u). */
const sigmoidGrad: GateGrad = (b, product) => {
  const { g, f, y, gate } = product;
  const node = b.producer(gate.base);
  const k = node?.opType === "Sigmoid" ? ratioOf(b, node.inputs[0]!, product) : undefined;
  if (k === undefined) return undefined;
  return mul(b, g, add(b, f, scale(b, mul(b, y, complement(b, gate.base)), k)));
};

/** g (f + u exp(ln(2km/√π) − t²)) for f = m (1 + erf(t)), t = k u. */
const erfGrad: GateGrad = (b, product) => {
  const { g, u, f, gate } = product;
  const t = argumentOfSum(b, gate.base, "Erf");
  const k = t === undefined ? undefined : ratioOf(b, t, product);
  if (t === undefined || k === undefined || !(gate.factor > 0)) return undefined;
  const height = constantLike(b, u, Math.log(2 * k * gate.factor / Math.sqrt(Math.PI)));
  return mul(b, g, add(b, f, mul(b, u, b.op("Exp", [sub(b, height, mul(b, t, t))]))));
};

/**
 * For f = m (1 + tanh(p(x))) and u = w x, with 1 + tanh(p) = 2 σ(2p) = 2 s: g (2mw s + 2 y (1 − s) p'(x)) / w.
 * From x and y alone, so that runtimes go on fusing the forward pass, which costs more than σ again.
 */
const tanhGrad: GateGrad = (b, { g, y, whole, gate }) => {
  const x = whole.base;
  const t = argumentOfSum(b, gate.base, "Tanh");
  const p = t === undefined ? undefined : polynomialOf(b, t, x);
  if (p === undefined || whole.factor === 0) return undefined;
  const doubled = p.map((coefficient) => 2 * coefficient);
  const s = b.op("Sigmoid", [evaluate(b, doubled, x)]);
  const bend = mul(b, mul(b, y, complement(b, s)), evaluate(b, derivative(doubled), x));
  const slope = add(b, scale(b, s, 2 * gate.factor * whole.factor), bend);
  return scale(b, mul(b, g, slope), 1 / whole.factor);
};

const grads: readonly GateGrad[] = [sigmoidGrad, erfGrad, tanhGrad];

/** The gradient of u through y = u · f(u); `undefined` if f is not read as a gate of u. */
export function gateGrad(b: GraphBuilder, { g, u, f, y }: SelfProduct): Value | undefined {
  const product = { g, u, f, y, whole: multipleOf(b, u), gate: multipleOf(b, f) };
  for (const grad of grads) {
    const value = grad(b, product);
    if (value !== undefined) return value;
  }
  return undefined;
}
