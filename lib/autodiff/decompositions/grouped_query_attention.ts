/**
 * GroupQueryAttention of ONNX Runtime's generative decoders: grouped heads, causal, with rotary
 * embedding, a sliding window (Mistral), soft capping (Gemma 2) and sinks (gpt-oss) as options.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { toNumbers } from "../../tensor/convert.ts";
import { floatOf, intOf } from "../engine/attributes.ts";
import { shapeBetween, sizePart } from "../engine/dynamic_shape.ts";
import { add, castLike, castTo, shapeOf, zerosLike } from "../engine/expressions.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";
import { scaleOf } from "./attention.ts";
import {
  attention,
  causalMask,
  hiddenOf,
  mergeHeads,
  penalty,
  positions,
  splitHeads,
  withPast,
} from "./attention_core.ts";
import { anglesAt, rotate } from "./rotary.ts";

const groupQuery: Decomposition = (node, b) => {
  const [, , , pastKey, pastValue] = node.inputs;
  const { q, k, v } = projections(b, node);
  const isFirst = !pastKey || sizePart(b, pastKey, 2) === 0;
  const starts = isFirst ? undefined : startsOf(b, node, q);
  const turned = intOf(node, "do_rotary", 0) === 1;
  const ids = turned ? positionIds(b, node, q, starts) : undefined;
  const turn = (x: Value) => turned ? rotateHeads(b, node, x, ids!) : x;
  const query = turn(q);
  const joined = (past: Value | undefined, x: Value) =>
    starts ? insertRows(b, past!, x, starts) : withPast(b, past, x);
  const keys = joined(pastKey, turn(k));
  const values = joined(pastValue, v);
  const window = intOf(node, "local_window_size", -1);
  const causal = causalMask(b, {
    queries: sizePart(b, q, 2),
    keys: sizePart(b, keys, 2),
    offset: starts ? b.op("Unsqueeze", [starts, b.int64s([1, 2, 3])]) : 0,
    window: window > 0 ? window : undefined,
  });
  const { output } = attention(b, { q: query, k: keys, v: values }, {
    ...scaleOrDefault(node),
    softcap: floatOf(node, "softcap", 0),
    bias: isFirst ? biasOf(b, node, keys) : node.inputs[10] || undefined,
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

/**
 * What is given, and far below it for keys that are padding, where there is no past: padded queries see
 * none of them either. It is added, being small; the causal mask stays one for all rows.
 */
function biasOf(b: GraphBuilder, node: Node, keys: Value): Value | undefined {
  const given = node.inputs[10] || undefined;
  const [last, total] = [node.inputs[5]!, b.dims(keys)?.[2]];
  const known = b.constantOf(last);
  if (known && toNumbers(known).every((index) => index + 1 === total)) return given;
  const column = castTo(b, b.op("Reshape", [last, b.int64s([-1, 1, 1, 1])]), "int64");
  const filled = b.op("LessOrEqual", [positions(b, sizePart(b, keys, 2)), column]);
  const padding = penalty(b, filled, hiddenOf(b, keys), keys);
  return given ? add(b, castLike(b, given, keys), padding) : padding;
}

/**
 * Where the new tokens of each row begin, [N]: rows are padded behind their last token, so a past may
 * be shorter than its place. A past that turns out to be empty has none.
 */
function startsOf(b: GraphBuilder, node: Node, q: Value): Value {
  const last = castTo(b, b.op("Reshape", [node.inputs[5], b.int64s([-1])]), "int64");
  const tokens = sizePart(b, q, 2);
  const count = typeof tokens === "number" ? b.int64s([tokens]) : tokens;
  const begun = b.op("Sub", [add(b, last, b.int64s([1])), count]);
  return b.op("Max", [begun, b.int64s([0])]);
}

/** Keys or values [N, G, S, D] put into a past at each row's place; what is behind them is not seen. */
function insertRows(b: GraphBuilder, past: Value, x: Value, starts: Value): Value {
  const room = b.op("Concat", [past, zerosLike(b, x)], { axis: 2 });
  const first = b.op("Unsqueeze", [starts, b.int64s([1, 2, 3])]);
  const steps = b.op("Unsqueeze", [positions(b, sizePart(b, x, 2)), b.int64s([1])]);
  const places = b.op("Expand", [add(b, first, steps), shapeOf(b, x)]);
  return b.op("ScatterElements", [room, places, x], { axis: 2 });
}

/**
 * Given, or counted on from the end of the past; [N, S] or [1, S]. Where there is no past, of those that
 * are given the first one counts, for all rows: so does ONNX Runtime's kernel, and its definition says so.
 */
function positionIds(b: GraphBuilder, node: Node, q: Value, starts: Value | undefined): Value {
  const given = node.inputs[9];
  if (given && starts) return given;
  const steps = positions(b, sizePart(b, q, 2));
  const rows = b.op("Unsqueeze", [steps, b.int64s([0])]);
  if (starts) return add(b, b.op("Unsqueeze", [starts, b.int64s([1])]), rows);
  if (!given) return rows;
  const first = b.op("Gather", [b.op("Reshape", [given, b.int64s([-1])]), b.int64s([0])]);
  return add(b, rows, first);
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
