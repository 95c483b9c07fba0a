/** Division by the root mean square, as exporters spell it out: y = u / √(mean(u²) + ε). @module */
import type { GraphBuilder, Value } from "../../onnx/builder.ts";
import { intOf } from "../attributes.ts";
import { constantInts, mul, numberOf, reduceMean, sameDims, sub } from "../expressions.ts";
import type { SelfProduct } from "./gate.ts";

/**
 * f (g − y mean(g y)) (Zhang & Sennrich 2019), the gradient of u through f included; `undefined` if f is
 * not the inverse root mean square of u.
 */
export function rootMeanSquareGrad(b: GraphBuilder, product: SelfProduct): Value | undefined {
  const { g, u, f, y } = product;
  const axes = sameDims(b.dims(u), b.dims(y)) ? axesOfInverse(b, u, f) : undefined;
  if (axes === undefined) return undefined;
  return mul(b, sub(b, g, mul(b, y, reduceMean(b, mul(b, g, y), axes))), f);
}

/** The axes of the mean in f = 1/√(mean(u²) + ε). */
function axesOfInverse(b: GraphBuilder, u: Value, f: Value): readonly number[] | undefined {
  const sum = b.producer(radicandOf(b, f) ?? "");
  if (sum?.opType !== "Add") return undefined;
  const at = sum.inputs.findIndex((input) => b.producer(input)?.opType === "ReduceMean");
  if (at < 0 || numberOf(b, sum.inputs[1 - at]!) === undefined) return undefined;
  const mean = b.producer(sum.inputs[at]!)!;
  const axes = constantInts(b, mean.inputs[1]);
  const isKept = intOf(mean, "keepdims", 1) === 1 && axes !== undefined && axes.length > 0;
  return isKept && isSquare(b, mean.inputs[0]!, u) ? axes : undefined;
}

/** s in 1/√s, which is written Reciprocal, Div or Pow. */
function radicandOf(b: GraphBuilder, f: Value): Value | undefined {
  const node = b.producer(f);
  const [x, z] = node?.inputs ?? [];
  if (node?.opType === "Pow") return numberOf(b, z!) === -0.5 ? x : undefined;
  const isInverse = node?.opType === "Reciprocal" ||
    (node?.opType === "Div" && numberOf(b, x!) === 1);
  const root = isInverse ? b.producer(node.inputs.at(-1)!) : undefined;
  return root?.opType === "Sqrt" ? root.inputs[0] : undefined;
}

function isSquare(b: GraphBuilder, value: Value, u: Value): boolean {
  const node = b.producer(value);
  const [x, z] = node?.inputs ?? [];
  if (node === undefined || x !== u) return false;
  return node.opType === "Pow" ? numberOf(b, z!) === 2 : node.opType === "Mul" && z === u;
}
