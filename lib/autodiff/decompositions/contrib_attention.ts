/** Fused attention of ONNX Runtime's transformer optimiser: Attention and MultiHeadAttention. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { floatOf, intOf, intsOf } from "../engine/attributes.ts";
import {
  joinShape,
  reshape,
  shapeBetween,
  type ShapePart,
  sizePart,
} from "../engine/dynamic_shape.ts";
import { add, castTo, rankOf } from "../engine/expressions.ts";
import { refuse } from "../engine/refuse.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";
import { scaleOf } from "./attention.ts";
import {
  attention,
  type AttentionOptions,
  causalMask,
  mergeHeads,
  penalty,
  positions,
  splitHeads,
  withPast,
} from "./attention_core.ts";

/** One projection to queries, keys and values, then attention of the input with itself. */
const contribAttention: Decomposition = (node, b) => {
  const [x, weights, ...rest] = node.inputs as [Value, Value, ...Value[]];
  const [bias, mask, past, attentionBias] = rest;
  refuse(
    node,
    intOf(node, "do_rotary", 0) === 1,
    "do_rotary is 1",
    "Export the model without this fusion",
  );
  const heads = intOf(node, "num_heads", 1);
  const projected = b.op("MatMul", [x, weights]);
  const sizes = intsOf(node, "qkv_hidden_sizes");
  const [q, k, v] = b.node("Split", [
    bias ? add(b, projected, bias) : projected,
    sizes && b.int64s(sizes),
  ], {
    attributes: { axis: -1, ...(sizes ? {} : { num_outputs: 3 }) },
    outputs: 3,
  }).map((part) => splitHeads(b, part, heads)) as [Value, Value, Value];
  const [pastKey, pastValue] = past ? unstack(b, past) : [];
  const [keys, values] = [withPast(b, pastKey, k), withPast(b, pastValue, v)];
  const { output } = attention(b, { q, k: keys, v: values }, {
    ...scaleOf(node),
    ...masks(b, node, { q, keys, mask, attentionBias }),
  });
  return [mergeHeads(b, output), stack(b, keys, values)];
};

const multiHead: Decomposition = (node, b) => {
  const [, , , , mask, attentionBias, pastKey, pastValue] = node.inputs;
  const heads = intOf(node, "num_heads", 1);
  const { q, k, v } = projections(b, node, heads);
  const [keys, values] = [withPast(b, pastKey, k), withPast(b, pastValue, v)];
  const { output, stages } = attention(b, { q, k: keys, v: values }, {
    ...scaleOf(node),
    ...masks(b, node, { q, keys, mask, attentionBias }),
  });
  return [mergeHeads(b, output), keys, values, stages[0]];
};

/** Decompositions of the fused attention ops. */
export const contribAttentionDecompositions = {
  "com.microsoft.Attention": contribAttention,
  "com.microsoft.MultiHeadAttention": multiHead,
} satisfies Decompositions;

interface Projections {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
}

/** Queries, keys and values as [N, H, S, D], from three inputs or from packed ones, plus the bias. */
function projections(b: GraphBuilder, node: Node, heads: number): Projections {
  const [query, key, value, bias] = node.inputs as [Value, Value?, Value?, Value?];
  if (!key) return fromPacked(b, query, bias, 3);
  if (!value) {
    const [k, v] = fromPackedParts(b, key, 2);
    return { q: splitHeads(b, query, heads), k: k!, v: v! };
  }
  const biases = bias ? splitBias(b, bias, query, key, value) : [];
  const split = (x: Value, i: number) => {
    // Keys and values of a cross attention's cache are in heads already.
    if (rankOf(b, x) === 4) return x;
    return splitHeads(b, biases[i] ? add(b, x, biases[i]) : x, heads);
  };
  return { q: split(query, 0), k: split(key, 1), v: split(value, 2) };
}

/** [N, S, H, 3, D], the bias [3·H·D] ordered by projection. */
function fromPacked(
  b: GraphBuilder,
  packed: Value,
  bias: Value | undefined,
  count: number,
): Projections {
  const [heads, width] = [sizePart(b, packed, 2), sizePart(b, packed, 4)];
  const rows = bias && b.op("Transpose", [reshape(b, bias, [count, heads, width])], {
    perm: [1, 0, 2],
  });
  const [q, k, v] = fromPackedParts(b, rows ? add(b, packed, rows) : packed, count);
  return { q: q!, k: k!, v: v! };
}

/** [N, S, H, count, D] → count × [N, H, S, D] */
function fromPackedParts(b: GraphBuilder, packed: Value, count: number): Value[] {
  const first = b.op("Transpose", [packed], { perm: [3, 0, 2, 1, 4] });
  const parts = b.node("Split", [first], {
    attributes: { axis: 0, num_outputs: count },
    outputs: count,
  });
  return parts.map((part) => b.op("Squeeze", [part, b.int64s([0])]));
}

function splitBias(b: GraphBuilder, bias: Value, q: Value, k: Value, v: Value): Value[] {
  const width = (x: Value) =>
    rankOf(b, x) === 3
      ? sizePart(b, x, 2)
      : b.op("Mul", [shapeBetween(b, x, 1, 2), shapeBetween(b, x, 3, 4)]);
  const sizes = joinShape(b, [width(q), width(k), width(v)]);
  return b.node("Split", [bias, sizes], { attributes: { axis: 0 }, outputs: 3 });
}

/** [2, N, H, P, D] → keys and values */
function unstack(b: GraphBuilder, past: Value): Value[] {
  const parts = b.node("Split", [past], { attributes: { axis: 0, num_outputs: 2 }, outputs: 2 });
  return parts.map((part) => b.op("Squeeze", [part, b.int64s([0])]));
}

function stack(b: GraphBuilder, keys: Value, values: Value): Value {
  const layer = (x: Value) => b.op("Unsqueeze", [x, b.int64s([0])]);
  return b.op("Concat", [layer(keys), layer(values)], { axis: 0 });
}

interface MaskInputs {
  readonly q: Value;
  readonly keys: Value;
  readonly mask: Value | undefined;
  readonly attentionBias: Value | undefined;
}

/** The causal mask excludes, the padding mask subtracts `mask_filter_value`, the bias is added. */
function masks(
  b: GraphBuilder,
  node: Node,
  { q, keys, mask, attentionBias }: MaskInputs,
): Pick<AttentionOptions, "bias" | "allowed"> {
  const queries = sizePart(b, q, 2);
  const total = sizePart(b, keys, 2);
  const unidirectional = intOf(node, "unidirectional", 0) === 1;
  const filter = floatOf(node, "mask_filter_value", -10000);
  const padding = mask ? penalty(b, visible(b, mask, { q, queries, total }), filter, q) : "";
  const bias = padding && attentionBias
    ? add(b, padding, attentionBias)
    : padding || attentionBias || undefined;
  return {
    bias,
    allowed: unidirectional ? causalMask(b, { queries, keys: total }) : undefined,
  };
}

interface MaskShape {
  readonly q: Value;
  readonly queries: ShapePart;
  readonly total: ShapePart;
}

/** A mask in any of its forms as bool, broadcasting to [N, H, S, T]. */
function visible(b: GraphBuilder, mask: Value, shape: MaskShape): Value {
  const rank = rankOf(b, mask);
  if (rank === 1) return byLength(b, mask, shape);
  const kept = castTo(b, mask, "bool");
  if (rank === 2) return b.op("Unsqueeze", [kept, b.int64s([1, 2])]);
  if (rank === 3) return b.op("Unsqueeze", [kept, b.int64s([1])]);
  // [N, 1, max, max]: the rows of the queries, the columns of all keys.
  const vector = (part: ShapePart) => typeof part === "number" ? b.int64s([part]) : part;
  const total = vector(shape.total);
  const past = b.op("Sub", [total, vector(shape.queries)]);
  const rows = b.op("Slice", [kept, past, total, b.int64s([2])]);
  return b.op("Slice", [rows, b.int64s([0]), total, b.int64s([3])]);
}

/** [N] numbers of keys, or [2N]: where the keys end, then where they start. */
function byLength(b: GraphBuilder, mask: Value, { q, total }: MaskShape): Value {
  const rows = reshape(b, mask, [-1, sizePart(b, q, 0)]);
  const column = (row: number) => b.op("Reshape", [pickRow(b, rows, row), b.int64s([-1, 1, 1, 1])]);
  const time = castTo(b, positions(b, total), b.dtype(mask));
  const before = b.op("Less", [time, column(0)]);
  const [count, batch] = [b.dims(mask)?.[0], b.dims(q)?.[0]];
  if (count !== undefined && count === batch) return before;
  return b.op("And", [before, b.op("GreaterOrEqual", [time, column(1)])]);
}

/** A row of the mask; the starts count as 0 where the mask has but the ends. */
function pickRow(b: GraphBuilder, rows: Value, row: number): Value {
  const padded = row === 0 ? rows : b.op("Pad", [rows, b.int64s([0, 0, 1, 0])]);
  return b.op("Slice", [padded, b.int64s([row]), b.int64s([row + 1]), b.int64s([0])]);
}
