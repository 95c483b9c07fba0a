/** Ops that move, repeat or drop elements: their transpose moves them back. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { intOf, intsOf, stringOf } from "../engine/attributes.ts";
import {
  constantInts,
  constantLike,
  dimOf,
  isStatic,
  range,
  rankOf,
  reduceSum,
  reshapeLike,
  shapeOf,
  sub,
} from "../engine/expressions.ts";
import { normalizeAxis } from "../../onnx/ir/axis.ts";
import { elementwise, type GradRule, type GradRules, linear } from "../engine/rule.ts";
import { gatherGrad } from "./gather.ts";
import { slice } from "./slice.ts";

const reshape = linear(({ b, g, x }) => reshapeLike(b, g, x));

const transpose = linear(({ b, node, g, x }) => {
  const perm = intsOf(node, "perm") ?? range(rankOf(b, x)).reverse();
  const inverse = range(perm.length).map((axis) => perm.indexOf(axis));
  return b.op("Transpose", [g], { perm: inverse });
});

/** Cuts the gradient into the parts that were joined. */
const concat: GradRule = (node, { builder: b, outputGrads: [g], needs }) => {
  if (g === undefined) return [];
  const axis = normalizeAxis(intOf(node, "axis", 0), rankOf(b, node.outputs[0]!));
  const sizes = node.inputs.map((x) => b.dims(x)?.[axis]);
  const split = isStatic(sizes as number[])
    ? b.int64s(sizes as number[])
    : b.op("Concat", node.inputs.map((x) => dimOf(b, x, axis)), { axis: 0 });
  const parts = b.node("Split", [g, split], {
    attributes: { axis },
    outputs: node.inputs.length,
  });
  return parts.map((part, i) => needs(i) ? part : undefined);
};

/** Joins the gradients of the parts; a part nobody used counts as zeros. */
const split: GradRule = (node, { builder: b, outputGrads }) => {
  const some = outputGrads.find((g) => g !== undefined);
  if (some === undefined) return [];
  const zeros = (y: Value) => b.op("Expand", [constantLike(b, some, 0), shapeOf(b, y)]);
  const parts = node.outputs.map((y, i) => outputGrads[i] ?? zeros(y));
  return [b.op("Concat", parts, { axis: intOf(node, "axis", 0) })];
};

/** Adds up the copies, each axis seen as (repeat, size). */
const tile = linear(({ b, node, g, x }) => {
  const rank = rankOf(b, x);
  const repeats = node.inputs[1]!;
  const counts = constantInts(b, repeats);
  const dims = b.dims(x);
  const stack = (column: Value) => b.op("Unsqueeze", [column, b.int64s([1])]);
  const pairs = counts !== undefined && isStatic(dims)
    ? b.int64s(counts.flatMap((count, axis) => [count, dims[axis]!]))
    : b.op("Reshape", [
      b.op("Concat", [stack(repeats), stack(shapeOf(b, x))], { axis: 1 }),
      b.int64s([2 * rank]),
    ]);
  return reduceSum(b, b.op("Reshape", [g, pairs]), range(rank).map((axis) => 2 * axis), false);
});

/** Pads of each padded axis: [axis, before, after] as values. */
function padsByAxis(b: GraphBuilder, node: Node): { axes: number[]; pads: Value } {
  const rank = rankOf(b, node.inputs[0]!);
  const axes = constantInts(b, node.inputs[3])?.map((axis) => normalizeAxis(axis, rank));
  return { axes: axes ?? range(rank), pads: node.inputs[1]! };
}

/** What was padded is cut off, what was cut off is padded with zeros. */
function uncrop(b: GraphBuilder, node: Node, g: Value): Value {
  const pads = constantInts(b, node.inputs[1]);
  if (pads === undefined || pads.some((pad) => pad < 0)) {
    const negated = pads === undefined
      ? b.op("Neg", [node.inputs[1]!])
      : b.int64s(pads.map((p) => -p));
    return b.op("Pad", [g, negated, undefined, node.inputs[3] || undefined]);
  }
  const { axes } = padsByAxis(b, node);
  const ends = axes.map((_, i) => -(pads[axes.length + i]!) || Number.MAX_SAFE_INTEGER);
  const starts = axes.map((_, i) => pads[i]!);
  return b.op("Slice", [g, b.int64s(starts), b.int64s(ends), b.int64s(axes)]);
}

/** Padding by reflection, edge or wrap gathers along each axis, so its transpose scatters. */
function unpadByIndex(b: GraphBuilder, node: Node, g: Value, mode: string): Value {
  const { axes, pads } = padsByAxis(b, node);
  const known = constantInts(b, pads);
  return axes.reduce((grad, axis, i) => {
    if (known?.[i] === 0 && known[i + axes.length] === 0) return grad;
    const own = b.op("Gather", [pads, b.int64s([i, i + axes.length])], { axis: 0 });
    const size = dimOf(b, node.inputs[0]!, axis);
    const positions = b.op("Pad", [iota(b, size), own], { mode });
    return gatherGrad(b, grad, positions, axis, size);
  }, g);
}

/** 0, 1, … size−1 for a size of shape [1]. */
function iota(b: GraphBuilder, size: Value): Value {
  const scalar = (value: Value) => b.op("Squeeze", [value, b.int64s([0])]);
  return b.op("Range", [scalar(b.int64s([0])), scalar(size), scalar(b.int64s([1]))]);
}

const pad: GradRule = (node, { builder: b, outputGrads: [g], needs }) => {
  if (g === undefined) return [];
  const mode = stringOf(node, "mode", "constant");
  const inner = mode === "constant" ? uncrop(b, node, g) : unpadByIndex(b, node, g, mode);
  const sum = (value: Value) => b.op("ReduceSum", [value], { keepdims: 0 });
  return [
    needs(0) ? inner : undefined,
    undefined,
    needs(2) ? reshapeLike(b, sub(b, sum(g), sum(inner)), node.inputs[2]!) : undefined,
  ];
};

/** Blocks of channels go back from the plane; the two modes order them differently. */
const depthToSpace = linear(({ b, node, g, x }) => {
  const size = intOf(node, "blocksize", 1);
  if (stringOf(node, "mode", "DCR") === "DCR") {
    return b.op("SpaceToDepth", [g], { blocksize: size });
  }
  const dim = (axis: number) => dimOf(b, x, axis);
  const channels = b.op("Div", [dim(1), b.int64s([size * size])]);
  const block = b.int64s([size]);
  const split = b.op("Concat", [dim(0), channels, dim(2), block, dim(3), block], { axis: 0 });
  const grid = b.op("Reshape", [g, split]);
  return reshapeLike(b, b.op("Transpose", [grid], { perm: [0, 1, 3, 5, 2, 4] }), x);
});

/** Rules of ops that move elements. */
export const movementRules = {
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Transpose: transpose,
  Expand: elementwise((_node, { outputGrads: [g] }) => [g]),
  Concat: concat,
  Split: split,
  Slice: slice,
  Tile: tile,
  Pad: pad,
  Trilu: linear(({ b, node, g }) =>
    b.op("Trilu", [g, node.inputs[1] || undefined], { upper: intOf(node, "upper", 1) })
  ),
  DepthToSpace: depthToSpace,
  // Halves of an odd difference are rounded alike on the way back.
  CenterCropPad: linear(({ b, node, g, x }) => {
    const axes = intsOf(node, "axes");
    const sizes = axes?.map((axis) => dimOf(b, x, normalizeAxis(axis, rankOf(b, x))));
    const shape = sizes ? b.op("Concat", sizes, { axis: 0 }) : shapeOf(b, x);
    return b.op("CenterCropPad", [g, shape], axes ? { axes } : {});
  }),
  SpaceToDepth: linear(({ b, node, g }) =>
    b.op("DepthToSpace", [g], {
      blocksize: intOf(node, "blocksize", 1),
      mode: stringOf(node, "mode", "DCR"),
    })
  ),
  ReverseSequence: linear(({ b, node, g }) =>
    b.op("ReverseSequence", [g, node.inputs[1]], {
      batch_axis: intOf(node, "batch_axis", 1),
      time_axis: intOf(node, "time_axis", 0),
    })
  ),
} satisfies GradRules;
