/** The Attention op of opsets 23 to 25. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { floatOf, intOf } from "../engine/attributes.ts";
import { tensor } from "../../tensor/tensor.ts";
import { sizePart } from "../engine/dynamic_shape.ts";
import { castTo, constantLike, rankOf } from "../engine/expressions.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";
import {
  attention,
  bothAllowed,
  hiddenOf,
  mergeHeads,
  positionMask,
  positions,
  splitHeads,
  withPast,
} from "./attention_core.ts";

const onnxAttention: Decomposition = (node, b) => {
  const [q, k, v, mask, pastKey, pastValue] = node.inputs as (Value | undefined)[];
  const flat = rankOf(b, q!) === 3;
  const heads = (x: Value, name: string) => flat ? splitHeads(b, x, intOf(node, name, 1)) : x;
  const queries = heads(q!, "q_num_heads");
  const keys = withPast(b, pastKey, heads(k!, "kv_num_heads"));
  const values = withPast(b, pastValue, heads(v!, "kv_num_heads"));
  const given = mask ? padded(b, mask, keys) : undefined;
  const isBoolean = given !== undefined && b.dtype(given) === "bool";
  const lengths = node.inputs[6] ? lengthColumn(b, node.inputs[6]) : undefined;
  const near = nearby(b, node, { queries, keys, past: pastKey, lengths });
  const filled = lengths && b.op("Less", [positions(b, sizePart(b, keys, 2)), lengths]);
  const visible = given && (isBoolean ? given : finite(b, given));
  const allowed = bothAllowed(b, bothAllowed(b, visible, near), filled);
  // With neither of them every query sees the first key.
  const canBeBlind = visible || lengths || intOf(node, "left_window_size", -1) >= 0;
  const { output, stages } = attention(b, { q: queries, k: keys, v: values }, {
    ...scaleOf(node),
    softcap: floatOf(node, "softcap", 0),
    bias: isBoolean ? undefined : given && bounded(b, given),
    allowed,
    sees: canBeBlind ? anyOf(b, allowed!) : undefined,
  });
  const stage = stages[[0, 1, 2, 3][intOf(node, "qk_matmul_output_mode", 0)] ?? 0]!;
  return [flat ? mergeHeads(b, output) : output, keys, values, stage];
};

/** The attribute if it is there: 0 is a scale too. */
export function scaleOf(node: Node): { scale?: number } {
  return node.attributes.scale === undefined ? {} : { scale: floatOf(node, "scale", 1) };
}

/** Opset 24: how many keys of each row are not padding, [N, 1, 1, 1]. */
function lengthColumn(b: GraphBuilder, lengths: Value): Value {
  return b.op("Reshape", [castTo(b, lengths, "int64"), b.int64s([-1, 1, 1, 1])]);
}

/** Opset 24: a mask that is shorter than the keys hides those behind it. */
function padded(b: GraphBuilder, mask: Value, keys: Value): Value {
  const [width, total] = [b.dims(mask)?.at(-1), b.dims(keys)?.[2]];
  if (typeof width !== "number" || typeof total !== "number") return mask;
  if (width === total || width === 1) return mask;
  const isBoolean = b.dtype(mask) === "bool";
  const pads = b.int64s([0, total - width]);
  const unseen = isBoolean
    ? b.constant(tensor("bool", [], Uint8Array.of(0)))
    : constantLike(b, mask, -Infinity);
  return b.op("Pad", [mask, pads, unseen, b.int64s([-1])]);
}

/** Where a mask of numbers does not hide. */
function finite(b: GraphBuilder, mask: Value): Value {
  return b.op("Greater", [mask, constantLike(b, mask, -Infinity)]);
}

/** A mask of numbers without −∞, of which a whole row would give NaN. */
function bounded(b: GraphBuilder, mask: Value): Value {
  return b.op("Max", [mask, constantLike(b, mask, hiddenOf(b, mask))]);
}

/** 1 for queries that may see a key, else 0: [.., S, 1]. */
function anyOf(b: GraphBuilder, allowed: Value): Value {
  return b.op("ReduceMax", [castTo(b, allowed, "float32"), b.int64s([-1])], { keepdims: 1 });
}

/** What positions allow: causal attention, and windows of opset 25, of which −1 leaves a side open. */
function nearby(
  b: GraphBuilder,
  node: Node,
  { queries, keys, past, lengths }: {
    readonly queries: Value;
    readonly keys: Value;
    readonly past: Value | undefined;
    readonly lengths: Value | undefined;
  },
): Value | undefined {
  const side = (name: string) => {
    const size = intOf(node, name, -1);
    return size < 0 ? undefined : size;
  };
  const left = side("left_window_size");
  const right = intOf(node, "is_causal", 0) === 0 ? side("right_window_size") : 0;
  if (left === undefined && right === undefined) return undefined;
  const rows = sizePart(b, queries, 2);
  const offset = past
    ? sizePart(b, past, 2)
    : lengths && b.op("Sub", [lengths, typeof rows === "number" ? b.int64s([rows]) : rows]);
  return positionMask(b, {
    queries: rows,
    keys: sizePart(b, keys, 2),
    offset: offset ?? 0,
    left,
    right,
  });
}

/** Decomposition of Attention. */
export const attentionDecompositions = { Attention: onnxAttention } satisfies Decompositions;
