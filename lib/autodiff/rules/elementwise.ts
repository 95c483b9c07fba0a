/** Arithmetic, roots, exponentials, trigonometry and comparisons, element by element. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { toNumbers } from "../../tensor/convert.ts";
import { dtypes } from "../../tensor/dtype.ts";
import {
  add,
  castLike,
  constantLike,
  div,
  dropWhere,
  indicator,
  isHalf,
  keepWhere,
  maskBy,
  mul,
  neg,
  scale,
  step,
  sub,
  where,
} from "../engine/expressions.ts";
import {
  binary,
  type BinaryArgs,
  elementwise,
  type GradRule,
  type GradRules,
  piecewiseConstant,
  unary,
} from "../engine/rule.ts";
import { unbroadcast } from "../engine/unbroadcast.ts";
import { product } from "./product.ts";
import { rootMeanSquareQuotientGrad } from "./root_mean_square.ts";

/** Rule of y = f(x) from a factor: g · f'(x). */
const factor = (derivative: (b: GraphBuilder, x: Value, y: Value) => Value): GradRule =>
  unary(({ b, g, x, y }) => mul(b, g, derivative(b, x, y)));

/** Rule of y = f(x) from a divisor: g / (1/f'(x)). */
const divisor = (inverse: (b: GraphBuilder, x: Value, y: Value) => Value): GradRule =>
  unary(({ b, g, x, y }) => div(b, g, inverse(b, x, y)));

/** 1 + x², 1 − x² and relatives. */
const square = (b: GraphBuilder, x: Value): Value => mul(b, x, x);
const onePlusSquare = (b: GraphBuilder, x: Value): Value =>
  add(b, square(b, x), constantLike(b, x, 1));
const oneMinusSquare = (b: GraphBuilder, x: Value): Value =>
  sub(b, constantLike(b, x, 1), square(b, x));
const squareMinusOne = (b: GraphBuilder, x: Value): Value =>
  sub(b, square(b, x), constantLike(b, x, 1));
const root = (b: GraphBuilder, x: Value): Value => b.op("Sqrt", [x]);

/** g / (2 √x), and 0 where the root is 0. */
const sqrt = unary(({ b, g, y }) =>
  keepWhere(b, b.op("Greater", [y, constantLike(b, y, 0)]), div(b, scale(b, g, 0.5), y))
);

/** Every summand receives the gradient, times a weight that depends on their number. */
const sumRule = (weight: (n: number) => number): GradRule =>
  elementwise((node, { builder: b, outputGrads: [g] }) => {
    if (g === undefined) return [];
    const share = scale(b, g, weight(node.inputs.length));
    return node.inputs.map(() => share);
  });

/**
 * Max and Min: ties share the gradient equally. Inputs are compared with each other and not with the
 * output, which in 16 bits is rounded where the runtime may keep its inputs unrounded.
 */
const extremum: GradRule = elementwise((node, { builder: b, outputGrads: [g], needs }) => {
  if (g === undefined) return [];
  if (node.inputs.length === 1) return [g];
  const wins = node.opType === "Max" ? "GreaterOrEqual" : "LessOrEqual";
  const hits = node.inputs.map((x, i) => {
    const others = node.inputs.toSpliced(i, 1);
    return b.op(wins, [x, others.length === 1 ? others[0]! : b.op(node.opType, others)]);
  });
  const count = hits.map((hit) => indicator(b, hit, g)).reduce((sum, hit) => add(b, sum, hit));
  const share = div(b, g, count);
  return hits.map((hit, i) => needs(i) ? maskBy(b, hit, share) : undefined);
});

/** The input between its bounds; the bounds beyond them, the upper one alone where they are crossed. */
const clip: GradRule = elementwise((node, { builder: b, outputGrads: [g], needs }) => {
  if (g === undefined) return [];
  const [x, low, high] = node.inputs as [Value, Value?, Value?];
  const isBelow = () => {
    const below = b.op("Less", [x, low]);
    return high ? b.op("And", [below, b.op("LessOrEqual", [low, high])]) : below;
  };
  const isAbove = () => {
    const above = b.op("Greater", [x, high]);
    return low ? b.op("Or", [above, b.op("Greater", [low, high])]) : above;
  };
  return [
    needs(0) ? insideGrad(b, node, g) : undefined,
    low && needs(1) ? maskBy(b, isBelow(), g) : undefined,
    high && needs(2) ? maskBy(b, isAbove(), g) : undefined,
  ];
});

/**
 * From the output alone, so that a convolution before it stays fused with it; at a bound it is 0, as
 * that of PyTorch's ReLU6 (its clamp has 1 there, and the graph does not tell the two apart). In 16 bits the output is
 * rounded where the runtime may keep its input unrounded, and could meet a bound that x does not.
 */
function insideGrad(b: GraphBuilder, { inputs, outputs }: Node, g: Value): Value {
  const [x, low, high] = inputs as [Value, Value?, Value?];
  const value = isHalf(b, x) ? x : outputs[0]!;
  const steps = [
    ...(low ? [beyond(b, value, low, 1)] : []),
    ...(high ? [beyond(b, value, high, -1)] : []),
  ];
  return steps.reduce((grad, factor) => mul(b, grad, factor), g);
}

/** 1 where the value is above (or with side −1, below) a bound, 0 elsewhere. */
function beyond(b: GraphBuilder, value: Value, bound: Value, side: 1 | -1): Value {
  const constant = b.constantOf(bound);
  if (constant?.data.length === 1) return step(b, value, toNumbers(constant)[0]!, side);
  return indicator(b, b.op(side === 1 ? "Greater" : "Less", [value, bound]), value);
}

/** c ? x : z */
const choose: GradRule = elementwise((node, { builder: b, outputGrads: [g], needs }) => {
  if (g === undefined) return [];
  const condition = node.inputs[0]!;
  return [
    undefined,
    needs(1) ? keepWhere(b, condition, g) : undefined,
    needs(2) ? dropWhere(b, condition, g) : undefined,
  ];
});

/** The exponent, if it is one number known at build time. */
function constantExponent({ b, z }: BinaryArgs): number | undefined {
  const constant = b.constantOf(z);
  if (constant === undefined || constant.data.length !== 1) return undefined;
  return constant.dtype === "float16" || constant.dtype === "bfloat16"
    ? undefined
    : Number(constant.data[0]);
}

/** Negates after the sum over broadcast axes, where the value is smaller. */
const negated = (b: GraphBuilder, grad: Value, input: Value): Value =>
  neg(b, unbroadcast(b, grad, input));

const plainQuotient = binary(
  ({ b, g, z }) => div(b, g, z),
  ({ b, g, y, z }) => negated(b, mul(b, div(b, g, z), y), z),
);

/** Division by the own root mean square is one thing: nothing goes back through the divisor. */
const quotient: GradRule = elementwise((node, context) => {
  const { builder: b, outputGrads: [g], needs } = context;
  if (g === undefined) return [];
  const [u, f] = node.inputs as [Value, Value];
  const whole = needs(0) && needs(1)
    ? rootMeanSquareQuotientGrad(b, { g, u, f, y: node.outputs[0]! })
    : undefined;
  return whole === undefined ? plainQuotient(node, context) : [whole];
});

/** z · x^(z−1) for a constant z, without a Pow where a product or quotient does. */
function powerSlope({ b, x, y }: BinaryArgs, z: number): Value {
  if (z === 1) return constantLike(b, x, 1);
  if (z === 3) return scale(b, square(b, x), 3);
  if (z === -1) return neg(b, square(b, y));
  if (z === 0.5) {
    const zero = constantLike(b, x, 0);
    return keepWhere(b, b.op("Greater", [y, zero]), div(b, constantLike(b, x, 0.5), y));
  }
  return scale(b, b.op("Pow", [x, constantLike(b, x, z - 1)]), z);
}

/** d/dx x^z = z · x^(z−1), and 0 for z = 0 even at x = 0. */
function powerBase(args: BinaryArgs): Value | undefined {
  const { b, g, x } = args;
  const known = constantExponent(args);
  if (known === 0) return undefined;
  if (known === 2) return mul(b, scale(b, g, 2), x);
  if (known !== undefined) return mul(b, g, powerSlope(args, known));
  const z = castLike(b, args.z, x);
  const lowered = b.op("Pow", [x, sub(b, z, constantLike(b, x, 1))]);
  const isZero = b.op("Equal", [z, constantLike(b, x, 0)]);
  return dropWhere(b, isZero, mul(b, g, mul(b, z, lowered)));
}

/** d/dz x^z = x^z · ln x, and 0 where x is not positive. */
function powerExponent({ b, g, x, y, z }: BinaryArgs): Value {
  const one = constantLike(b, x, 1);
  const base = where(b, b.op("Greater", [x, constantLike(b, x, 0)]), x, one);
  return castLike(b, mul(b, g, mul(b, y, b.op("Log", [base]))), z);
}

/** x − z · trunc(x/z): the quotient is recovered from the remainder. */
function modDivisor({ b, g, x, y, z }: BinaryArgs): Value {
  return neg(b, mul(b, g, b.op("Round", [div(b, sub(b, x, y), z)])));
}

/**
 * Between float types the gradient is cast back; integers that represent floats have the gradient of
 * those, other integers have none and are never asked. Where the
 * gradient was itself narrowed from the wanted type, the wide one is taken: it need not be rounded.
 */
const cast = unary(({ b, g, x }) => {
  const dtype = b.dtype(x);
  if (!dtypes[dtype].float) return g;
  const producer = b.producer(g);
  const wide = producer?.opType === "Cast" ? producer.inputs[0]! : undefined;
  return wide !== undefined && b.dtype(wide) === dtype ? wide : castLike(b, g, x);
});

/** 2/√π · exp(−x²), the factor inside the exponential. */
const erfSlope = (b: GraphBuilder, x: Value): Value =>
  b.op("Exp", [sub(b, constantLike(b, x, Math.log(2 / Math.sqrt(Math.PI))), square(b, x))]);

/** Rules of ops that work element by element. */
export const elementwiseRules = {
  Add: binary(({ g }) => g, ({ g }) => g),
  Sub: binary(({ g }) => g, ({ b, g, z }) => negated(b, g, z)),
  Mul: product,
  Div: quotient,
  Pow: binary(powerBase, powerExponent),
  Mod: binary(({ g }) => g, modDivisor),
  Sum: sumRule(() => 1),
  Mean: sumRule((n) => 1 / n),
  Max: extremum,
  Min: extremum,
  Clip: clip,
  Where: choose,
  Identity: unary(({ g }) => g),
  Cast: cast,
  CastLike: cast,
  Neg: unary(({ b, g }) => neg(b, g)),
  Abs: factor((b, x) => b.op("Sign", [x])),
  Reciprocal: unary(({ b, g, y }) => neg(b, mul(b, g, square(b, y)))),
  Sqrt: sqrt,
  Exp: factor((_b, _x, y) => y),
  Log: divisor((_b, x) => x),
  Erf: factor(erfSlope),
  Sin: factor((b, x) => b.op("Cos", [x])),
  Cos: unary(({ b, g, x }) => neg(b, mul(b, g, b.op("Sin", [x])))),
  Tan: factor((b, _x, y) => onePlusSquare(b, y)),
  Asin: divisor((b, x) => root(b, oneMinusSquare(b, x))),
  Acos: unary(({ b, g, x }) => neg(b, div(b, g, root(b, oneMinusSquare(b, x))))),
  Atan: divisor((b, x) => onePlusSquare(b, x)),
  Sinh: factor((b, x) => b.op("Cosh", [x])),
  Cosh: factor((b, x) => b.op("Sinh", [x])),
  Tanh: factor((b, _x, y) => oneMinusSquare(b, y)),
  Asinh: divisor((b, x) => root(b, onePlusSquare(b, x))),
  Acosh: divisor((b, x) => root(b, squareMinusOne(b, x))),
  Atanh: divisor((b, x) => oneMinusSquare(b, x)),
  Ceil: piecewiseConstant,
  Floor: piecewiseConstant,
  Round: piecewiseConstant,
  Sign: piecewiseConstant,
  Hardmax: piecewiseConstant,
  EyeLike: piecewiseConstant,
  Bernoulli: piecewiseConstant,
  RandomNormalLike: piecewiseConstant,
  RandomUniformLike: piecewiseConstant,
} satisfies GradRules;
