/**
 * The error function by Gauss and Legendre's rule: erf(x) = 2/√π ∫₀ˣ exp(−t²) dt, good to 1e-13.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { fromNumbers } from "../../tensor/convert.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { stringOf } from "../engine/attributes.ts";

/** Number of nodes that the integrand needs up to x = 6; beyond, erf is ±1. */
const order = 32;
const farthest = 6;

/** Larger tensors stay with the float32 kernel: there is a copy for each place. */
const maxElements = 2 ** 20;

/** Places and weights on [0, 1], by Newton's method on Legendre's polynomial. */
function gaussLegendre(count: number): readonly (readonly [place: number, weight: number])[] {
  return Array.from({ length: count }, (_, i) => {
    let x = Math.cos(Math.PI * (i + 0.75) / (count + 0.5));
    let slope = 0;
    for (let round = 0; round < 20; round++) {
      let [before, now] = [1, x];
      for (let k = 2; k <= count; k++) {
        [before, now] = [now, ((2 * k - 1) * x * now - (k - 1) * before) / k];
      }
      slope = count * (x * now - before) / (x * x - 1);
      x -= now / slope;
    }
    return [(1 + x) / 2, 1 / ((1 - x * x) * slope * slope)] as const;
  });
}

/** erf(x), or `undefined` where x is too large or of unknown size. */
export function erf(node: Node, b: GraphBuilder): readonly Value[] | undefined {
  const y = erfOf(b, node.inputs[0]!);
  return y === undefined ? undefined : [y];
}

/** x · (1 + erf(x/√2)) / 2 */
export function gelu(node: Node, b: GraphBuilder): readonly Value[] | undefined {
  if (stringOf(node, "approximate", "none") !== "none") return undefined;
  const x = node.inputs[0]!;
  const y = erfOf(b, b.op("Mul", [x, b.scalar(Math.SQRT1_2)]));
  if (y === undefined) return undefined;
  return [b.op("Mul", [b.op("Mul", [x, b.scalar(0.5)]), b.op("Add", [y, b.scalar(1)])])];
}

function erfOf(b: GraphBuilder, x: Value): Value | undefined {
  const dims = b.dims(x);
  if (!dims?.every((dim) => typeof dim === "number")) return undefined;
  if (sizeOf(dims as readonly number[]) > maxElements) return undefined;
  const rule = gaussLegendre(order);
  const near = b.op("Clip", [x, b.scalar(-farthest), b.scalar(farthest)]);
  const square = b.op("Unsqueeze", [b.op("Mul", [near, near]), b.int64s([-1])]);
  const squares = rule.map(([place]) => -place * place);
  const exponents = b.op("Mul", [asDouble(b, square), constant(b, [order], squares)]);
  const weights = rule.map(([, weight]) => weight * 2 / Math.sqrt(Math.PI));
  const column = constant(b, [order, 1], weights);
  const mean = b.op("MatMul", [b.op("Exp", [exponents]), column]);
  const product = b.op("Mul", [asDouble(b, near), b.op("Squeeze", [mean, b.int64s([-1])])]);
  return b.op("Cast", [product], { to: 1 });
}

/** Constants of this rule are exact in float64 only, so the graph casts around them beforehand. */
function asDouble(b: GraphBuilder, x: Value): Value {
  return b.op("Cast", [x], { to: 11 });
}

function constant(b: GraphBuilder, dims: readonly number[], values: readonly number[]): Value {
  return b.constant(fromNumbers("float64", dims, values));
}
