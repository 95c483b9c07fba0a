/**
 * GroupQueryAttention of ONNX Runtime's generative decoders: grouped heads, causal, with rotary
 * embedding, a sliding window (Mistral), soft capping (Gemma 2) and sinks (gpt-oss) as options.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { floatOf, intOf } from "../engine/attributes.ts";
import { shapeBetween, type ShapePart, sizePart } from "../engine/dynamic_shape.ts";
import { add } from "../engine/expressions.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";
import { scaleOf } from "./attention.ts";
import {
  attention,
  causalMask,
  mergeHeads,
  positions,
  splitHeads,
  withPast,
} from "./attention_core.ts";
import { anglesAt, rotate } from "./rotary.ts";

const groupQuery: Decomposition = (node, b) => {
  const [, , , pastKey, pastValue] = node.inputs;
  const { q, k, v } = projections(b, node);
  const past: ShapePart = pastKey ? sizePart(b, pastKey, 2) : 0;
  const turned = intOf(node, "do_rotary", 0) === 1;
  const ids = turned ? positionIds(b, node, q, past) : undefined;
  const turn = (x: Value) => turned ? rotateHeads(b, node, x, ids!) : x;
  const query = turn(q);
  const keys = withPast(b, pastKey, turn(k));
  const values = withPast(b, pastValue, v);
  const window = intOf(node, "local_window_size", -1);
  const causal = causalMask(b, {
    queries: sizePart(b, q, 2),
    keys: sizePart(b, keys, 2),
    offset: past,
    window: window > 0 ? window : undefined,
  });
  const { output } = attention(b, { q: query, k: keys, v: values }, {
    ...scaleOrDefault(node),
    softcap: floatOf(node, "softcap", 0),
    bias: node.inputs[10] || undefined,
    allowed: causal,
    sink: sinkOf(b, node, query),
  });
  return [mergeHeads(b, output), keys, values];
};

/** Decomposition of GroupQueryAttention. */
export const groupQueryDecompositions = {
  "com.microsoft.GroupQueryAttention": groupQuery,
} satisfies Decompositions;

/** A scale of 0 means the default here. */
function scaleOrDefault(node: Node): { scale?: number } {
  const { scale } = scaleOf(node);
  return scale === undefined || scale === 0 ? {} : { scale };
}

/** Queries [N, H, S, D], keys and values [N, G, S, D]; without keys the first input holds all three. */
function projections(b: GraphBuilder, node: Node): { q: Value; k: Value; v: Value } {
  const [query, key, value] = node.inputs as [Value, Value?, Value?];
  const heads = intOf(node, "num_heads", 1);
  const groups = intOf(node, "kv_num_heads", heads);
  const parts = key && value ? [query, key, value] : unpack(b, query, heads, groups);
  const [q, k, v] = parts as [Value, Value, Value];
  return {
    q: splitHeads(b, q, heads),
    k: splitHeads(b, k, groups),
    v: splitHeads(b, v, groups),
  };
}

function unpack(b: GraphBuilder, packed: Value, heads: number, groups: number): Value[] {
  const total = heads + 2 * groups;
  const width = b.op("Div", [shapeBetween(b, packed, 2, 3), b.int64s([total])]);
  const sizes = b.op("Mul", [width, b.int64s([heads, groups, groups])]);
  return b.node("Split", [packed, sizes], { attributes: { axis: -1 }, outputs: 3 });
}

/** Given, or counted on from the end of the past; [N, S] or [1, S]. */
function positionIds(b: GraphBuilder, node: Node, q: Value, past: ShapePart): Value {
  if (node.inputs[9]) return node.inputs[9];
  const steps = positions(b, sizePart(b, q, 2));
  const shifted = past === 0
    ? steps
    : add(b, steps, typeof past === "number" ? b.int64s([past]) : past);
  return b.op("Unsqueeze", [shifted, b.int64s([0])]);
}

function rotateHeads(b: GraphBuilder, node: Node, x: Value, ids: Value): Value {
  const [cos, sin] = [node.inputs[7]!, node.inputs[8]!];
  const half = b.dims(cos)?.at(-1);
  return rotate(b, x, anglesAt(b, cos, ids, 1), anglesAt(b, sin, ids, 1), {
    interleaved: intOf(node, "rotary_interleaved", 0) === 1,
    width: typeof half === "number" ? 2 * half : 0,
  });
}

/** A logit per head without a key: given, or 0 with smooth softmax. */
function sinkOf(b: GraphBuilder, node: Node, q: Value): Value | undefined {
  const given = node.inputs[11];
  if (given) return b.op("Reshape", [given, b.int64s([1, -1, 1, 1])]);
  return intOf(node, "smooth_softmax", 0) === 1 ? b.scalar(0, b.dtype(q)) : undefined;
}
