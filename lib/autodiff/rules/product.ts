/**
 * Mul, and the products u · f(u) that activation functions and normalisations are exported as: their
 * gradient is built in one go, and nothing is left to go back through f.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { mul, numberOf, scale } from "../engine/expressions.ts";
import { binary, elementwise, type GradContext, type InputGrads } from "../engine/rule.ts";
import { gateGrad } from "./gate.ts";
import { rootMeanSquareGrad } from "./root_mean_square.ts";

/** Gradient of u in u · f(u), the part through f included. */
function wholeGrad(b: GraphBuilder, node: Node, g: Value, u: Value, f: Value): Value | undefined {
  const product = { g, u, f, y: node.outputs[0]! };
  return gateGrad(b, product) ?? rootMeanSquareGrad(b, product);
}

/** g · z, where a number z is joined with the one that g is a multiple by. */
function times(b: GraphBuilder, g: Value, z: Value): Value {
  const number = b.rank(z) === 0 ? numberOf(b, z) : undefined;
  return number === undefined ? mul(b, g, z) : scale(b, g, number);
}

const plain = binary(({ b, g, z }) => times(b, g, z), ({ b, g, x }) => times(b, g, x));

/** Rule of Mul. */
export const product = elementwise((node: Node, context: GradContext): InputGrads => {
  const { builder: b, outputGrads: [g], needs } = context;
  if (g === undefined) return [];
  const [x, z] = node.inputs as [Value, Value];
  const left = needs(0) ? wholeGrad(b, node, g, x, z) : undefined;
  if (left !== undefined) return [left];
  const right = needs(1) ? wholeGrad(b, node, g, z, x) : undefined;
  return right !== undefined ? [undefined, right] : plain(node, context);
});
