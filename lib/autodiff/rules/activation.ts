/** Activation functions. Formulas: Hendrycks & Gimpel 2016 (GELU), Klambauer et al. 2017 (SELU), the ONNX operator texts. @module */
import { float, type GraphBuilder, type Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { floatOf, stringOf } from "../engine/attributes.ts";
import {
  add,
  complement,
  constantLike,
  div,
  indicator,
  isStep,
  maskBy,
  mul,
  reshapeLike,
  scale,
  step,
  sub,
  where,
} from "../engine/expressions.ts";
import { elementwise, type GradRule, type GradRules, unary } from "../engine/rule.ts";

const above = (b: GraphBuilder, x: Value, bound: number): Value =>
  b.op("Greater", [x, constantLike(b, x, bound)]);
const oneMinus = (b: GraphBuilder, x: Value): Value => sub(b, constantLike(b, x, 1), x);
const sigmoid = (b: GraphBuilder, x: Value): Value => b.op("Sigmoid", [x]);

/** g where x > 0, else g · slope: units that are linear on the right. */
const rectified = (slope: (b: GraphBuilder, x: Value, y: Value, node: Node) => Value): GradRule =>
  unary(({ b, node, g, x, y }) => where(b, above(b, x, 0), g, mul(b, g, slope(b, x, y, node))));

/** g · slope inside an open interval of x, 0 outside. */
const piece = (low: (node: Node) => number, high: (node: Node) => number, slope: number) =>
  unary(({ b, node, g, x }) => {
    const inside = b.op("And", [
      above(b, x, low(node)),
      b.op("Less", [x, constantLike(b, x, high(node))]),
    ]);
    return maskBy(b, inside, scale(b, g, slope));
  });

/** α in HardSigmoid's max(0, min(1, αx + β)). */
const hardSigmoid: GradRule = (node, context) => {
  const alpha = floatOf(node, "alpha", 0.2);
  const beta = floatOf(node, "beta", 0.5);
  if (isStep(alpha)) return [];
  const ends = [-beta / alpha, (1 - beta) / alpha];
  return piece(() => Math.min(...ends), () => Math.max(...ends), alpha)(node, context);
};

/** x · h with h = max(0, min(1, x/6 + 1/2)): h, plus x/6 inside (−3, 3). */
const hardSwish = unary(({ b, g, x }) => {
  const h = b.op("HardSigmoid", [x], { alpha: float(1 / 6), beta: float(0.5) });
  const inside = step(b, b.op("Abs", [x]), 3, -1);
  return mul(b, g, add(b, h, mul(b, inside, scale(b, x, 1 / 6))));
});

const rootHalf = Math.SQRT1_2;
const inverseRootTwoPi = 1 / Math.sqrt(2 * Math.PI);

/** Φ(x) + x φ(x). */
export function geluSlope(b: GraphBuilder, x: Value): Value {
  const one = constantLike(b, x, 1);
  const phi = scale(b, add(b, b.op("Erf", [scale(b, x, rootHalf)]), one), 0.5);
  const density = b.op("Exp", [mul(b, x, scale(b, x, -0.5))]);
  return add(b, phi, mul(b, density, scale(b, x, inverseRootTwoPi)));
}

const rootTwoOverPi = Math.sqrt(2 / Math.PI);
const cubic = 0.044715;

/** t = tanh(u), u = √(2/π)(x + 0.044715 x³): ½(1 + t) + ½ x (1 − t²) u'. */
export function tanhGeluSlope(b: GraphBuilder, x: Value): Value {
  const one = constantLike(b, x, 1);
  const square = mul(b, x, x);
  const u = mul(
    b,
    x,
    add(b, scale(b, square, cubic * rootTwoOverPi), constantLike(b, x, rootTwoOverPi)),
  );
  const du = add(
    b,
    scale(b, square, 3 * cubic * rootTwoOverPi),
    constantLike(b, x, rootTwoOverPi),
  );
  const t = b.op("Tanh", [u]);
  const bend = mul(b, mul(b, x, sub(b, one, mul(b, t, t))), du);
  return scale(b, add(b, add(b, t, one), bend), 0.5);
}

const gelu = unary(({ b, node, g, x }) => {
  const slope = stringOf(node, "approximate", "none") === "tanh" ? tanhGeluSlope : geluSlope;
  return mul(b, g, slope(b, x));
});

/** x · σ(αx): s + αx s(1 − s). */
const swish = (fallback: number): GradRule =>
  unary(({ b, node, g, x, y }) => {
    const alpha = floatOf(node, "alpha", fallback);
    const s = sigmoid(b, scale(b, x, alpha));
    return mul(b, g, add(b, s, mul(b, scale(b, y, alpha), complement(b, s))));
  });

/** x · tanh(softplus(x)): t + x (1 − t²) σ(x). */
const mish = unary(({ b, g, x }) => {
  const t = b.op("Tanh", [b.op("Softplus", [x])]);
  // Not x · σ(x) first: ONNX Runtime (1.30) fuses that in float64 into an op that it has no kernel for.
  const bend = mul(b, mul(b, x, oneMinus(b, mul(b, t, t))), sigmoid(b, x));
  return mul(b, g, add(b, t, bend));
});

/** A slope per channel on the left: max(x, 0) + slope · min(x, 0). */
const prelu: GradRule = elementwise((node, { builder: b, outputGrads: [g], needs }) => {
  if (g === undefined) return [];
  const [x, slope] = node.inputs as [Value, Value];
  const right = step(b, x, 0);
  const factor = () => add(b, right, mul(b, complement(b, right), slope));
  return [
    needs(0) ? mul(b, g, factor()) : undefined,
    needs(1) ? mul(b, g, b.op("Min", [x, constantLike(b, x, 0)])) : undefined,
  ];
});

/** Passed on outside (−lambd, lambd). */
const shrink = unary(({ b, node, g, x }) =>
  mul(b, g, step(b, b.op("Abs", [x]), floatOf(node, "lambd", 0.5)))
);

/** Identity at inference; with a mask as second output, the mask and its scale. */
const dropout: GradRule = (node, { builder: b, outputGrads: [g] }) => {
  if (g === undefined) return [];
  const training = b.constantOf(node.inputs[2] ?? "");
  if (!node.inputs[2] || Number(training?.data[0] ?? 0) === 0) return [g];
  const ratio = node.inputs[1] || b.scalar(0.5, b.dtype(g));
  const kept = mul(b, g, indicator(b, node.outputs[1]!, g));
  return [div(b, kept, oneMinus(b, reshapeLike(b, ratio, b.scalar(0, b.dtype(g)))))];
};

/** Rules of activation functions. */
export const activationRules = {
  Relu: unary(({ b, g, y }) => mul(b, g, step(b, y, 0))),
  // α + (1 − α) on the right.
  LeakyRelu: unary(({ b, node, g, x }) => {
    const alpha = floatOf(node, "alpha", 0.01);
    const right = scale(b, step(b, x, 0), 1 - alpha);
    return mul(b, g, add(b, right, constantLike(b, g, alpha)));
  }),
  PRelu: prelu,
  ThresholdedRelu: unary(({ b, node, g, x }) => mul(b, g, step(b, x, floatOf(node, "alpha", 1)))),
  // On the left y = α(eˣ − 1), so y' = y + α.
  Elu: rectified((b, _x, y, node) => add(b, y, constantLike(b, y, floatOf(node, "alpha", 1)))),
  Selu: unary(({ b, node, g, x, y }) => {
    const gamma = floatOf(node, "gamma", 1.0507009873554805);
    const alpha = floatOf(node, "alpha", 1.6732632423543772);
    const left = add(b, y, constantLike(b, y, alpha * gamma));
    return mul(b, g, where(b, above(b, x, 0), constantLike(b, x, gamma), left));
  }),
  // On the left y = α(e^{x/α} − 1), so y' = y/α + 1.
  Celu: rectified((b, _x, y, node) =>
    add(b, scale(b, y, 1 / floatOf(node, "alpha", 1)), constantLike(b, y, 1))
  ),
  Sigmoid: unary(({ b, g, y }) => mul(b, g, mul(b, y, complement(b, y)))),
  HardSigmoid: hardSigmoid,
  HardSwish: hardSwish,
  Softplus: unary(({ b, g, x }) => mul(b, g, sigmoid(b, x))),
  // y = x / (1 + |x|), so y' = (1 − |y|)².
  Softsign: unary(({ b, g, y }) => {
    const rest = oneMinus(b, b.op("Abs", [y]));
    return mul(b, g, mul(b, rest, rest));
  }),
  Gelu: gelu,
  Swish: swish(1),
  Mish: mish,
  Shrink: shrink,
  Dropout: Object.assign(dropout, { readsOutputs: 2 }),
} satisfies GradRules;
