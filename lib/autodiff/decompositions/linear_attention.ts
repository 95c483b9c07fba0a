/**
 * Recurrences in place of attention, as hybrid language models have them: linear attention with decay
 * and the delta rule (Yang et al., arXiv 2412.06464), unrolled over a length that has to be known,
 * and the causal convolution before it.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import { floatOf, intOf, stringOf } from "../engine/attributes.ts";
import { joinShape, reshape, sizePart } from "../engine/dynamic_shape.ts";
import { sizesNote } from "../engine/explain.ts";
import { add, constantLike, mul, range, scale, sub, zerosLike } from "../engine/expressions.ts";
import { refuse } from "../engine/refuse.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";
import { stack, unstack } from "./loops.ts";

/** Heads of one token: rows [B, H, D, 1] of queries and keys, columns [B, H, 1, E] of values. */
interface Token {
  readonly query: Value;
  readonly key: Value;
  readonly value: Value;
  /** What the state is multiplied by, [B, H, D or 1, 1]. */
  readonly decay: Value | undefined;
  /** How much of a correction is taken, [B, H or 1, 1, 1]. */
  readonly rate: Value | undefined;
}

/** S ← decay · S + key ⊗ (value, or what the state does not say of it yet); y = Sᵀ query. */
const linearAttention: Decomposition = (node, b) => {
  const [query, key, value, past, decay, beta] = node.inputs as [
    ...[Value, Value, Value],
    ...(Value | undefined)[],
  ];
  refuse(node, intOf(node, "state_window", 0) > 0, "it keeps a window of states");
  const length = b.dims(query)?.[1];
  const isKnown = typeof length === "number";
  refuse(node, !isKnown, "the length of its sequence is known at run time only", sizesNote);
  const rule = stringOf(node, "update_rule", "gated_delta");
  const [heads, groups] = [intOf(node, "q_num_heads", 1), intOf(node, "kv_num_heads", 1)];
  const size = sizePart(b, query, 2);
  const width = typeof size === "number" ? size / heads : undefined;
  refuse(node, width === undefined, "the width of its heads is known at run time only", sizesNote);
  refuse(node, heads % groups !== 0, "it has more heads of keys than of queries");
  const spread = (x: Value) => repeatHeads(b, x, heads / groups);
  const parts = {
    query: scale(b, tokensOf(b, query, heads, "row"), floatOf(node, "scale", 0) || width! ** -0.5),
    key: spread(tokensOf(b, key, groups, "row")),
    value: spread(tokensOf(b, value, groups, "column")),
    decay: rule.startsWith("gated")
      ? spread(b.op("Exp", [tokensOf(b, decay!, groups, "row")]))
      : undefined,
    rate: rule.endsWith("delta") ? spread(tokensOf(b, beta!, groups, "row")) : undefined,
  };
  const steps = stepsOf(b, parts, length as number);
  let state = past ? spread(past) : zerosLike(b, outer(b, steps[0]!));
  const outputs = steps.map((token) => {
    state = nextState(b, state, token);
    return b.op("ReduceSum", [mul(b, state, token.query), b.int64s([2])], { keepdims: 0 });
  });
  const flat = stack(b, outputs, 1);
  const shape = joinShape(b, [sizePart(b, query, 0), length as number, -1]);
  return [b.op("Reshape", [flat, shape]), firstOfHeads(b, state, heads / groups)];
};

const outer = (b: GraphBuilder, { key, value }: Token): Value => mul(b, key, value);

function nextState(b: GraphBuilder, before: Value, token: Token): Value {
  const { key, value, decay, rate } = token;
  const state = decay ? mul(b, before, decay) : before;
  if (rate === undefined) return add(b, state, outer(b, token));
  const known = b.op("ReduceSum", [mul(b, state, key), b.int64s([2])], { keepdims: 1 });
  return add(b, state, mul(b, key, mul(b, rate, sub(b, value, known))));
}

/** [B, T, H·D] → [T, B, H, D, 1] or [T, B, H, 1, D]. */
function tokensOf(b: GraphBuilder, x: Value, heads: number, side: "row" | "column"): Value {
  const width = b.dims(x)?.[2];
  // A rate may be one for all heads.
  const own = width === 1 ? 1 : heads;
  const shape = side === "row" ? [0, 0, own, -1, 1] : [0, 0, own, 1, -1];
  return b.op("Transpose", [reshape(b, x, shape)], { perm: [1, 0, 2, 3, 4] });
}

/** Each head as often as there are queries of it, side by side; the heads are the third axis from the end. */
function repeatHeads(b: GraphBuilder, x: Value, times: number): Value {
  const rank = b.rank(x)!;
  if (times === 1 || b.dims(x)?.[rank - 3] === 1) return x;
  const wide = b.op("Unsqueeze", [x, b.int64s([-3])]);
  const tiled = b.op("Tile", [
    wide,
    b.int64s(range(rank + 1).map((i) => i === rank - 2 ? times : 1)),
  ]);
  const sizes = range(rank).map((i) => i === rank - 3 ? -1 : sizePart(b, x, i));
  return reshape(b, tiled, sizes);
}

/** Heads that share keys and values have the same state. */
function firstOfHeads(b: GraphBuilder, state: Value, times: number): Value {
  if (times === 1) return state;
  const [start, end, axis, step] = [[0], [2 ** 31 - 1], [1], [times]].map((list) => b.int64s(list));
  return b.op("Slice", [state, start, end, axis, step]);
}

function stepsOf(
  b: GraphBuilder,
  { query, key, value, decay, rate }: Token,
  length: number,
): Token[] {
  const of = (x: Value) => unstack(b, x, 0, length);
  const [queries, keys, values] = [of(query), of(key), of(value)];
  const [decays, rates] = [decay && of(decay), rate && of(rate)];
  return range(length).map((t) => ({
    ...{ query: queries[t]!, key: keys[t]!, value: values[t]! },
    ...{ decay: decays?.[t], rate: rates?.[t] },
  }));
}

/** A convolution of each channel by itself that sees what was before, in one dimension. */
const causalConv: Decomposition = (node, b) => {
  const [x, weight, bias, past] = node.inputs as [
    Value,
    Value,
    Value | undefined,
    Value | undefined,
  ];
  refuse(node, intOf(node, "ndim", 1) !== 1, "it has more than one dimension");
  refuse(node, intOf(node, "state_window", 0) > 0, "it keeps a window of states");
  const isLast = intOf(node, "channels_last", 0) === 1;
  refuse(node, isLast && b.rank(x) !== 3, "its channels are of several axes");
  const [channels, , taps] = b.dims(weight) ?? [];
  const isKnown = typeof channels === "number" && typeof taps === "number";
  refuse(node, !isKnown, "the size of its kernel is known at run time only", sizesNote);
  const dilation = intOf(node, "dilation", 1);
  const span = ((taps as number) - 1) * dilation;
  const turn = (value: Value) => isLast ? b.op("Transpose", [value], { perm: [0, 2, 1] }) : value;
  const seen = withBefore(b, turn(x), past && turn(past), span);
  const attributes = { group: channels as number, dilations: [dilation] };
  const y = b.op("Conv", [seen, weight, bias || undefined], attributes);
  const activation = stringOf(node, "activation", "none");
  const out = activation === "none" ? y : mul(b, y, b.op("Sigmoid", [y]));
  return [turn(out), turn(lastOf(b, seen, span))];
};

function withBefore(b: GraphBuilder, x: Value, past: Value | undefined, span: number): Value {
  if (past) return b.op("Concat", [past, x], { axis: 2 });
  if (span === 0) return x;
  return b.op("Pad", [x, b.int64s([0, 0, span, 0, 0, 0]), constantLike(b, x, 0)]);
}

function lastOf(b: GraphBuilder, seen: Value, span: number): Value {
  const start = span === 0 ? 2 ** 31 - 1 : -span;
  return b.op("Slice", [seen, b.int64s([start]), b.int64s([2 ** 31 - 1]), b.int64s([2])]);
}

/** Decompositions of recurrences in place of attention. */
export const linearAttentionDecompositions = {
  "com.microsoft.LinearAttention": linearAttention,
  "com.microsoft.CausalConvWithState": causalConv,
} satisfies Decompositions;
