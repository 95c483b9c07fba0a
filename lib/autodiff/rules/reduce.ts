/** Reductions. The gradient is spread over the reduced axes by broadcasting. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { intOf } from "../engine/attributes.ts";
import {
  castLike,
  constantInts,
  constantLike,
  div,
  dropWhere,
  indicator,
  mul,
  range,
  rankOf,
  scale,
  shapeOf,
  where,
  widen,
} from "../engine/expressions.ts";
import { normalizeAxis } from "../../onnx/ir/axis.ts";
import { type GradRule, type GradRules, unary, type UnaryArgs } from "../engine/rule.ts";

/** What reductions share: the node's values with the reduced axes kept as size 1. */
interface Reduction extends Omit<UnaryArgs, "g" | "y"> {
  readonly g: Value;
  readonly y: Value;
}

/** The reduced axes; `undefined` if they are known at run time only. */
function axesOf(b: GraphBuilder, node: Node): number[] | undefined {
  const rank = rankOf(b, node.inputs[0]!);
  const given = node.inputs[1] ? constantInts(b, node.inputs[1]) : [];
  if (given === undefined || given.length > 0) {
    return given?.map((axis) => normalizeAxis(axis, rank));
  }
  return intOf(node, "noop_with_empty_axes", 0) === 1 ? [] : range(rank);
}

/** Puts the reduced axes back as axes of size 1. */
function keepAxes(b: GraphBuilder, node: Node, value: Value): Value {
  if (intOf(node, "keepdims", 1) === 1) return value;
  const axes = axesOf(b, node);
  if (axes === undefined) return b.op("Unsqueeze", [value, node.inputs[1]]);
  return axes.length === 0 ? value : b.op("Unsqueeze", [value, b.int64s(axes)]);
}

/** A rule that gets gradient and output broadcastable to x, and returns a gradient of x's shape. */
const reduction = (grad: (args: Reduction) => Value): GradRule =>
  unary(({ b, node, g, x, y }) =>
    grad({ b, node, x, g: keepAxes(b, node, g), y: keepAxes(b, node, y) })
  );

const spread = (b: GraphBuilder, g: Value, x: Value): Value => b.op("Expand", [g, shapeOf(b, x)]);

/** Number of elements in each mean, as a number or a float value. */
function share(b: GraphBuilder, node: Node, g: Value): Value {
  const [x] = node.inputs as [Value];
  const axes = axesOf(b, node);
  const dims = axes?.map((axis) => b.dims(x)?.[axis]);
  if (dims?.every((dim) => typeof dim === "number")) {
    return scale(b, g, 1 / dims.reduce((size, dim) => size * dim, 1));
  }
  const count = b.op("Div", [b.op("Size", [x]), b.op("Size", [node.outputs[0]!])]);
  return div(b, g, castLike(b, count, g));
}

/** Ties share the gradient equally. */
const extremum = reduction(({ b, node, g, x, y }) => {
  const axes = node.inputs[1];
  const attributes = {
    keepdims: 1,
    noop_with_empty_axes: intOf(node, "noop_with_empty_axes", 0),
  };
  // A 16-bit output is rounded where the runtime may keep the input unrounded.
  const wide = widen(b, x);
  const hit = b.op("Equal", [wide, wide === x ? y : b.op(node.opType, [wide, axes], attributes)]);
  const winners = indicator(b, hit, g);
  const count = b.op("ReduceSum", [winners, axes], attributes);
  return mul(b, winners, div(b, g, count));
});

/** The product of the other elements, also where one of them is 0. */
const product = reduction(({ b, node, g, x, y }) => {
  const zero = constantLike(b, x, 0);
  const isZero = b.op("Equal", [x, zero]);
  const filled = where(b, isZero, constantLike(b, x, 1), x);
  const attributes = {
    keepdims: 1,
    noop_with_empty_axes: intOf(node, "noop_with_empty_axes", 0),
  };
  const rest = b.op("ReduceProd", [filled, node.inputs[1]], attributes);
  const zeros = b.op("ReduceSum", [indicator(b, isZero, x), node.inputs[1]], attributes);
  const single = b.op("And", [isZero, b.op("Equal", [zeros, constantLike(b, x, 1)])]);
  return mul(b, g, where(b, single, rest, dropWhere(b, isZero, div(b, y, filled))));
});

/** x / ‖x‖, and 0 at the origin. */
const l2 = reduction(({ b, g, x, y }) => {
  const isZero = b.op("Equal", [y, constantLike(b, y, 0)]);
  const ratio = div(b, g, where(b, isZero, constantLike(b, y, 1), y));
  return mul(b, x, dropWhere(b, isZero, ratio));
});

/** The softmax of x; rows of nothing but −∞ get none. */
const logSumExp = reduction(({ b, g, x, y }) => {
  const isEmpty = b.op("Less", [y, constantLike(b, y, -3.4e38)]);
  const safe = where(b, isEmpty, constantLike(b, y, 0), y);
  return mul(b, g, b.op("Exp", [b.op("Sub", [x, safe])]));
});

/** Rules of reductions. */
export const reduceRules = {
  ReduceSum: reduction(({ b, g, x }) => spread(b, g, x)),
  ReduceMean: reduction(({ b, node, g, x }) => spread(b, share(b, node, g), x)),
  ReduceMax: extremum,
  ReduceMin: extremum,
  ReduceProd: product,
  ReduceL1: reduction(({ b, g, x }) => mul(b, g, b.op("Sign", [x]))),
  ReduceL2: l2,
  ReduceLogSum: reduction(({ b, g, x, y }) => spread(b, div(b, g, b.op("Exp", [y])), x)),
  ReduceLogSumExp: logSumExp,
  ReduceSumSquare: reduction(({ b, g, x }) => mul(b, scale(b, g, 2), x)),
} satisfies GradRules;
