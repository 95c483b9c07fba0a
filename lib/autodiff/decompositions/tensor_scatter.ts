/** TensorScatter (opset 24), which writes new keys and values into a cache, as ScatterElements. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import { intOf, stringOf } from "../engine/attributes.ts";
import { sizePart } from "../engine/dynamic_shape.ts";
import { add, dimOf, range, rankOf, shapeOf } from "../engine/expressions.ts";
import { normalizeAxis } from "../../onnx/ir/axis.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";
import { positions } from "./attention_core.ts";

/** Row s of an update goes to place start + s of its row of the batch; in a ring, places go round. */
const tensorScatter: Decomposition = (node, b) => {
  const [cache, update, starts] = node.inputs as [Value, Value, Value | undefined];
  const rank = rankOf(b, cache);
  const axis = normalizeAxis(intOf(node, "axis", -2), rank);
  const rows = along(b, positions(b, sizePart(b, update, axis)), axis, rank);
  const places = starts ? add(b, rows, along(b, starts, 0, rank)) : rows;
  const isRing = stringOf(node, "mode", "linear") === "circular";
  const wrapped = isRing ? b.op("Mod", [places, dimOf(b, cache, axis)]) : places;
  const indices = b.op("Expand", [wrapped, shapeOf(b, update)]);
  return [b.op("ScatterElements", [cache, indices, update], { axis })];
};

/** A vector along one of `rank` axes. */
function along(b: GraphBuilder, vector: Value, axis: number, rank: number): Value {
  return b.op("Reshape", [vector, b.int64s(range(rank).map((i) => i === axis ? -1 : 1))]);
}

/** Decomposition of TensorScatter. */
export const cacheDecompositions = { TensorScatter: tensorScatter } satisfies Decompositions;
