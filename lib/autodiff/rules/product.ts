/**
 * Mul, and the products u · f(u) that activation functions are exported as: SiLU and its relatives
 * with f(u) = σ(k u), and GELU with f(u) = 1 + erf(k u). Their derivative is built in one go, from
 * what the forward pass has computed already.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/builder.ts";
import type { Node } from "../../onnx/model.ts";
import { toNumbers } from "../../tensor/convert.ts";
import { add, complement, constantLike, mul, scale, sub } from "../expressions.ts";
import { binary, elementwise, type GradContext, type InputGrads } from "../rule.ts";

/** A value as a multiple of another. */
interface Multiple {
  readonly base: Value;
  readonly factor: number;
}

/** A factor f(k u) of u · f(k u): how steep the product is, given f and the product y. */
interface Gate {
  readonly argument: Value;
  slope(b: GraphBuilder, u: Value, f: Value, y: Value, k: number): Value;
}

/** f + u f' for σ: f + k y (1 − f). */
function sigmoidSlope(b: GraphBuilder, _u: Value, f: Value, y: Value, k: number): Value {
  return add(b, f, scale(b, mul(b, y, complement(b, f)), k));
}

/** f + u f' for 1 + erf: f + u exp(ln(2k/√π) − (k u)²). */
function erfSlope(argument: Value): Gate["slope"] {
  return (b, u, f, _y, k) => {
    const height = constantLike(b, u, Math.log(2 * k / Math.sqrt(Math.PI)));
    const bell = b.op("Exp", [sub(b, height, mul(b, argument, argument))]);
    return add(b, f, mul(b, u, bell));
  };
}

/** The number that a value is at build time, if it is one. */
function numberOf(b: GraphBuilder, value: Value): number | undefined {
  const constant = b.constantOf(value);
  return constant?.data.length === 1 ? toNumbers(constant)[0] : undefined;
}

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

/** Reads σ(t) and 1 + erf(t). */
function gateOf(b: GraphBuilder, value: Value): Gate | undefined {
  const node = b.producer(value);
  if (node?.opType === "Sigmoid") return { argument: node.inputs[0]!, slope: sigmoidSlope };
  if (node?.opType !== "Add") return undefined;
  const at = node.inputs.findIndex((input) => b.producer(input)?.opType === "Erf");
  if (at < 0 || numberOf(b, node.inputs[1 - at]!) !== 1) return undefined;
  const argument = b.producer(node.inputs[at]!)!.inputs[0]!;
  return { argument, slope: erfSlope(argument) };
}

/** Gradient of u in u · f(u), the part through f included. */
function gatedGrad(b: GraphBuilder, node: Node, g: Value, u: Value, f: Value): Value | undefined {
  const gate = gateOf(b, f);
  if (gate === undefined) return undefined;
  const [whole, inner] = [multipleOf(b, u), multipleOf(b, gate.argument)];
  const k = inner.factor / whole.factor;
  if (whole.base !== inner.base || !(k > 0)) return undefined;
  return mul(b, g, gate.slope(b, u, f, node.outputs[0]!, k));
}

const plain = binary(({ b, g, z }) => mul(b, g, z), ({ b, g, x }) => mul(b, g, x));

/** Rule of Mul. */
export const product = elementwise((node: Node, context: GradContext): InputGrads => {
  const { builder: b, outputGrads: [g], needs } = context;
  if (g === undefined) return [];
  const [x, z] = node.inputs as [Value, Value];
  const left = needs(0) ? gatedGrad(b, node, g, x, z) : undefined;
  if (left !== undefined) return [left];
  const right = needs(1) ? gatedGrad(b, node, g, z, x) : undefined;
  return right !== undefined ? [undefined, right] : plain(node, context);
});
