/** Scales and zero points: one for all elements, one per index of an axis, or one per block of it. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { intOf } from "../engine/attributes.ts";
import { dimOf, range, rankOf, reduceSum, shapeOf } from "../engine/expressions.ts";
import { normalizeAxis } from "../../onnx/ir/axis.ts";

/** A scale or zero point of QuantizeLinear or DequantizeLinear, to be broadcast to the node's input. */
export function factorAlong(b: GraphBuilder, node: Node, factor: Value): Value {
  const x = node.inputs[0]!;
  const axis = axisOf(b, node);
  const block = intOf(node, "block_size", 0);
  if (block > 0) return repeated(b, factor, x, axis, block);
  if (rankOf(b, factor) !== 1 || b.dims(factor)![0] === 1) return factor;
  return b.op("Reshape", [factor, b.int64s(range(rankOf(b, x)).map((i) => i === axis ? -1 : 1))]);
}

/** Sums a value of the shape of the node's input over the elements that share a factor. */
export function sumToFactor(b: GraphBuilder, node: Node, value: Value): Value {
  const [x, factor] = node.inputs as [Value, Value];
  const axis = axisOf(b, node);
  const block = intOf(node, "block_size", 0);
  if (block > 0) return reduceSum(b, inBlocks(b, value, x, axis, block), [axis + 1], false);
  const perAxis = rankOf(b, factor) === 1 && b.dims(factor)![0] !== 1;
  const others = range(rankOf(b, x)).filter((i) => !perAxis || i !== axis);
  const sum = reduceSum(b, value, others, false);
  return perAxis || rankOf(b, factor) === 0 ? sum : b.op("Reshape", [sum, b.int64s([1])]);
}

function axisOf(b: GraphBuilder, node: Node): number {
  const rank = rankOf(b, node.inputs[0]!);
  return rank === 0 ? 0 : normalizeAxis(intOf(node, "axis", 1), rank);
}

/** The axis seen as (block, element). */
function inBlocks(b: GraphBuilder, value: Value, x: Value, axis: number, block: number): Value {
  const dims = range(rankOf(b, x)).map((i) => i === axis ? b.int64s([-1, block]) : dimOf(b, x, i));
  return b.op("Reshape", [value, b.op("Concat", dims, { axis: 0 })]);
}

function repeated(b: GraphBuilder, factor: Value, x: Value, axis: number, block: number): Value {
  const column = b.op("Unsqueeze", [factor, b.int64s([axis + 1])]);
  const copies = range(rankOf(b, x) + 1).map((i) => i === axis + 1 ? block : 1);
  return b.op("Reshape", [b.op("Expand", [column, b.int64s(copies)]), shapeOf(b, x)]);
}
