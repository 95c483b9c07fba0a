/** Rotary position embedding (Su et al. 2021): pairs of features turned by an angle per position. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { tensor } from "../../tensor/tensor.ts";
import { intOf, intsOf } from "../engine/attributes.ts";
import { reshape, sizePart } from "../engine/dynamic_shape.ts";
import { add, castLike, mul, rankOf, reduceSum, sub } from "../engine/expressions.ts";
import { refuse } from "../engine/refuse.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";
import { positions } from "./attention_core.ts";

/** How features are paired: i with i + R/2, or 2i with 2i + 1. */
export interface RotaryOptions {
  readonly interleaved: boolean;
  /** Features that are turned, the first ones; all if absent or 0. */
  readonly width?: number;
}

/** (x₁ cos − x₂ sin, x₂ cos + x₁ sin) over the last axis; `cos` and `sin` broadcast to half of it. */
export function rotate(
  b: GraphBuilder,
  x: Value,
  cos: Value,
  sin: Value,
  { interleaved, width = 0 }: RotaryOptions,
): Value {
  const full = b.dims(x)?.at(-1);
  if (width !== 0 && width !== full) {
    const rest = typeof full === "number" ? full - width : undefined;
    const [turned, kept] = splitLast(b, x, width, rest);
    return b.op("Concat", [rotate(b, turned, cos, sin, { interleaved }), kept], { axis: -1 });
  }
  const [c, s] = [castLike(b, cos, x), castLike(b, sin, x)];
  const [first, second] = interleaved ? alternate(b, x) : halves(b, x);
  const left = sub(b, mul(b, first, c), mul(b, second, s));
  const right = add(b, mul(b, second, c), mul(b, first, s));
  return interleaved ? weave(b, left, right, x) : b.op("Concat", [left, right], { axis: -1 });
}

type Pair = readonly [Value, Value];

function splitLast(b: GraphBuilder, x: Value, width: number, rest: number | undefined): Pair {
  if (rest !== undefined) {
    const parts = b.node("Split", [x, b.int64s([width, rest])], {
      attributes: { axis: -1 },
      outputs: 2,
    });
    return [parts[0]!, parts[1]!];
  }
  const from = (start: number, end: number) =>
    b.op("Slice", [x, b.int64s([start]), b.int64s([end]), b.int64s([-1])]);
  return [from(0, width), from(width, Number.MAX_SAFE_INTEGER)];
}

function halves(b: GraphBuilder, x: Value): Pair {
  const parts = b.node("Split", [x], { attributes: { axis: -1, num_outputs: 2 }, outputs: 2 });
  return [parts[0]!, parts[1]!];
}

/** Even and odd features. */
function alternate(b: GraphBuilder, x: Value): Pair {
  const every = (start: number) =>
    b.op("Slice", [
      x,
      b.int64s([start]),
      b.int64s([Number.MAX_SAFE_INTEGER]),
      b.int64s([-1]),
      b.int64s([2]),
    ]);
  return [every(0), every(1)];
}

/** Undoes {@link alternate}. */
function weave(b: GraphBuilder, even: Value, odd: Value, like: Value): Value {
  const column = (x: Value) => b.op("Unsqueeze", [x, b.int64s([-1])]);
  const pairs = b.op("Concat", [column(even), column(odd)], { axis: -1 });
  const rank = rankOf(b, like);
  const keep = Array.from({ length: rank - 1 }, () => 0);
  const width = sizePart(b, like, rank - 1);
  return reshape(b, pairs, [...keep, typeof width === "number" ? width : -1]);
}

/** Rows of a cache of angles [max, R/2] at `ids` [N, S], with an axis for heads: [N, 1, S, R/2] or [N, S, 1, R/2]. */
export function anglesAt(
  b: GraphBuilder,
  cache: Value,
  ids: Value | undefined,
  headAxis: number,
): Value {
  const rows = ids ? b.op("Gather", [cache, ids], { axis: 0 }) : cache;
  return b.op("Unsqueeze", [rows, b.int64s([headAxis])]);
}

/** Angles for `x` [N, H, S, D], or for [N, S, H·D], which is turned as [N, S, H, D]. */
function turn(
  b: GraphBuilder,
  node: Node,
  x: Value,
  caches: { cos: Value; sin: Value; ids: Value | undefined },
): Value {
  const width = intOf(node, "rotary_embedding_dim", 0);
  const options = { interleaved: intOf(node, "interleaved", 0) === 1, width };
  const { cos, sin, ids } = caches;
  if (rankOf(b, x) === 4) {
    return rotate(b, x, anglesAt(b, cos, ids, 1), anglesAt(b, sin, ids, 1), options);
  }
  const heads = intOf(node, "num_heads", 0);
  const half = b.dims(cos)?.at(-1);
  const shape = heads > 0 ? [0, 0, heads, -1] : [0, 0, -1, 2 * Number(half)];
  const split = reshape(b, x, shape);
  const turned = rotate(b, split, anglesAt(b, cos, ids, 2), anglesAt(b, sin, ids, 2), options);
  return reshape(b, turned, [0, 0, sizePart(b, x, 2)]);
}

/** com.microsoft: position ids are per token, or one first position for all rows. */
const contribRotary: Decomposition = (node, b) => {
  const [x, ids, cos, sin] = node.inputs as [Value, Value, Value, Value];
  if (rankOf(b, ids) !== 1) return [turn(b, node, x, { cos, sin, ids })];
  const tokens = sizePart(b, x, rankOf(b, x) === 4 ? 2 : 1);
  const sequence = add(b, positions(b, tokens), ids);
  return [turn(b, node, x, { cos, sin, ids: b.op("Unsqueeze", [sequence, b.int64s([0])]) })];
};

/** Which of three positions, time, height and width, turns each of `half` pairs of features. */
function streamsOf(sections: readonly number[], half: number, takeTurns: boolean): number[] {
  const [time = 0, height = 0, width = 0] = sections;
  return Array.from({ length: half }, (_, i) => {
    if (!takeTurns) return i < time ? 0 : i < time + height ? 1 : 2;
    const stream = i % 3;
    return i < 3 * [half, height, width][stream]! ? stream : 0;
  });
}

/** Qwen-VL's rotary embedding: ids [3, N, S], of which each pair of features follows one. */
const multimodalRotary: Decomposition = (node, b) => {
  const [x, ids, cos, sin] = node.inputs as [Value, Value, Value, Value];
  refuse(node, intOf(node, "is_packed_batching", 0) === 1, "its rows are packed together");
  const half = b.dims(cos)?.[1];
  refuse(node, typeof half !== "number", "the width of its angles is not known");
  const takeTurns = intOf(node, "mrope_layout", 0) === 1;
  const streams = streamsOf(intsOf(node, "mrope_section") ?? [], half as number, takeTurns);
  const rows = [0, 1, 2].flatMap((k) => streams.map((stream) => stream === k ? 1 : 0));
  const chosen = b.constant(tensor("float32", [3, 1, 1, streams.length], Float32Array.from(rows)));
  const angles = (cache: Value) => {
    const all = b.op("Gather", [cache, ids], { axis: 0 });
    return reduceSum(b, mul(b, all, castLike(b, chosen, all)), [0], false);
  };
  return [turn(b, node, x, { cos: angles(cos), sin: angles(sin), ids: undefined })];
};

/** Opset 23: without position ids the caches hold one row per token. */
const rotary: Decomposition = (node, b) => {
  const [x, cos, sin, ids] = node.inputs as [Value, Value, Value, Value | undefined];
  return [turn(b, node, x, { cos, sin, ids: ids || undefined })];
};

/** Decompositions of rotary embeddings. */
export const rotaryDecompositions = {
  RotaryEmbedding: rotary,
  "com.microsoft.RotaryEmbedding": contribRotary,
  "com.microsoft.MRotaryEmbedding": multimodalRotary,
} satisfies Decompositions;
