/** Activation functions by the names that recurrent layers give them, with their parameters. @module */
import { float, type GraphBuilder, type Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { add, constantLike, mul } from "../engine/expressions.ts";
import { refuse } from "../engine/refuse.ts";

/** Parameters with their defaults; a layer lists those of its activations one after another. */
interface Activation {
  readonly alpha?: number;
  readonly beta?: number;
  readonly apply?: (b: GraphBuilder, x: Value, alpha: number, beta: number) => Value;
}

const times = (b: GraphBuilder, x: Value, k: number) => mul(b, x, constantLike(b, x, k));
/** Alpha and beta as attributes of the op of the same name. */
const withAlpha = (opType: string) => (b: GraphBuilder, x: Value, alpha: number): Value =>
  b.op(opType, [x], { alpha: float(alpha) });

const activations: Readonly<Record<string, Activation>> = {
  Sigmoid: {},
  Tanh: {},
  Relu: {},
  Softsign: {},
  Softplus: {},
  LeakyRelu: { alpha: 0.01, apply: withAlpha("LeakyRelu") },
  ThresholdedRelu: { alpha: 1, apply: withAlpha("ThresholdedRelu") },
  Elu: { alpha: 1, apply: withAlpha("Elu") },
  HardSigmoid: {
    alpha: 0.2,
    beta: 0.5,
    apply: (b, x, alpha, beta) =>
      b.op("HardSigmoid", [x], { alpha: float(alpha), beta: float(beta) }),
  },
  ScaledTanh: {
    alpha: 1,
    beta: 1,
    apply: (b, x, alpha, beta) => times(b, b.op("Tanh", [times(b, x, beta)]), alpha),
  },
  Affine: {
    alpha: 1,
    beta: 0,
    apply: (b, x, alpha, beta) => add(b, times(b, x, alpha), constantLike(b, x, beta)),
  },
};

const lowerCase = new Map(Object.keys(activations).map((name) => [name.toLowerCase(), name]));

/**
 * The activation of a layer at a position of its list.
 *
 * @param defaults Names for one direction.
 */
export function activationAt(
  node: Node,
  defaults: readonly string[],
  position: number,
): (b: GraphBuilder, x: Value) => Value {
  const given = node.attributes.activations;
  const names = (given?.type === "strings" ? given.value : [...defaults, ...defaults])
    .map((name) => lowerCase.get(name.toLowerCase()) ?? name);
  const name = names[position]!;
  const found = activations[name];
  refuse(node, found === undefined, `its activation is "${name}"`);
  const parameter = (which: "alpha" | "beta") => {
    const list = node.attributes[`activation_${which}`];
    const before = names.slice(0, position).filter((other) =>
      activations[other]?.[which] !== undefined
    );
    return (list?.type === "floats" ? list.value[before.length] : undefined) ?? found![which] ?? 0;
  };
  const [alpha, beta] = [parameter("alpha"), parameter("beta")];
  return (b, x) => found!.apply?.(b, x, alpha, beta) ?? b.op(name, [x]);
}
