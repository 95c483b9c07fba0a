/** Division by the root mean square, as exporters spell it out: u / √(mean(u²) + ε). @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import { intOf } from "../engine/attributes.ts";
import {
  constantInts,
  div,
  mul,
  numberOf,
  reduceMean,
  sameDims,
  sub,
} from "../engine/expressions.ts";
import type { SelfProduct } from "./gate.ts";

/**
 * f (g − y mean(g y)) (Zhang & Sennrich 2019), the gradient of u in y = u · f through f included;
 * `undefined` if f is not the inverse root mean square of u.
 */
export function rootMeanSquareGrad(b: GraphBuilder, product: SelfProduct): Value | undefined {
  const rest = projected(b, product, radicandOfInverse(b, product.f));
  return rest && mul(b, rest, product.f);
}

/** The same for y = u / f. */
export function rootMeanSquareQuotientGrad(b: GraphBuilder, product: SelfProduct) {
  const rest = projected(b, product, radicandOf(b, product.f));
  return rest && div(b, rest, product.f);
}

/** Reads a value as u / √(mean(u²) + ε). */
export function readRootMeanSquare(b: GraphBuilder, value: Value): MeanSquare | undefined {
  const node = b.producer(value);
  const [x, z] = node?.inputs ?? [];
  if (node?.opType === "Div") return meanSquareOf(b, radicandOf(b, z!), x!);
  if (node?.opType !== "Mul") return undefined;
  return meanSquareOf(b, radicandOfInverse(b, z!), x!) ??
    meanSquareOf(b, radicandOfInverse(b, x!), z!);
}

/** g − y mean(g y), if the radicand is the mean square of u. */
function projected(
  b: GraphBuilder,
  { g, u, y }: SelfProduct,
  radicand: Value | undefined,
): Value | undefined {
  if (!sameDims(b.dims(u), b.dims(y))) return undefined;
  const mean = meanSquareOf(b, radicand, u);
  return mean && sub(b, g, mul(b, y, reduceMean(b, mul(b, g, y), mean.axes)));
}

/** u in mean(u²) + ε, and over which axes. */
interface MeanSquare {
  readonly u: Value;
  readonly axes: readonly number[];
  readonly epsilon: number;
}

function meanSquareOf(
  b: GraphBuilder,
  radicand: Value | undefined,
  u: Value,
): MeanSquare | undefined {
  const sum = radicand === undefined ? undefined : b.producer(radicand);
  if (sum?.opType !== "Add") return undefined;
  const at = sum.inputs.findIndex((input) => b.producer(input)?.opType === "ReduceMean");
  const epsilon = at < 0 ? undefined : numberOf(b, sum.inputs[1 - at]!);
  if (epsilon === undefined) return undefined;
  const mean = b.producer(sum.inputs[at]!)!;
  const axes = constantInts(b, mean.inputs[1]);
  const isKept = intOf(mean, "keepdims", 1) === 1 && axes !== undefined && axes.length > 0;
  return isKept && isSquare(b, mean.inputs[0]!, u) ? { u, axes, epsilon } : undefined;
}

/** s in √s, which is written Sqrt or Pow. */
function radicandOf(b: GraphBuilder, value: Value, power = 0.5): Value | undefined {
  const node = b.producer(value);
  if (node?.opType === "Sqrt" && power === 0.5) return node.inputs[0];
  return node?.opType === "Pow" && numberOf(b, node.inputs[1]!) === power
    ? node.inputs[0]
    : undefined;
}

/** s in 1/√s, which is written Reciprocal, Div or Pow. */
function radicandOfInverse(b: GraphBuilder, value: Value): Value | undefined {
  const node = b.producer(value);
  const isInverse = node?.opType === "Reciprocal" ||
    (node?.opType === "Div" && numberOf(b, node.inputs[0]!) === 1);
  return isInverse ? radicandOf(b, node.inputs.at(-1)!) : radicandOf(b, value, -0.5);
}

function isSquare(b: GraphBuilder, value: Value, u: Value): boolean {
  const node = b.producer(value);
  const [x, z] = node?.inputs ?? [];
  if (node === undefined || x !== u) return false;
  return node.opType === "Pow" ? numberOf(b, z!) === 2 : node.opType === "Mul" && z === u;
}
