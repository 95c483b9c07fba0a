/**
 * Scaled dot-product attention (Vaswani et al. 2017) out of products and a softmax, with the
 * variations that the fused attention ops know: grouped heads (Ainslie et al. 2023), masks, soft
 * capping (Gemma 2) and sinks.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import { joinShape, reshape, type ShapePart, sizePart } from "../engine/dynamic_shape.ts";
import {
  add,
  castLike,
  castTo,
  constantLike,
  div,
  mul,
  scale,
  where,
  widen,
} from "../engine/expressions.ts";
import { product } from "../rules/matmul.ts";

/** Queries [N, H, S, D], keys [N, G, T, D] and values [N, G, T, E]; G divides H. */
export interface Heads {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
}

/** Variations of attention. Everything broadcasts to the scores, [N, H, S, T]. */
export interface AttentionOptions {
  /** Factor of the scores; 1/√D if absent. */
  readonly scale?: number;
  /** c in c · tanh(scores / c); none if absent or 0. */
  readonly softcap?: number;
  /** Added to the scores. */
  readonly bias?: Value | undefined;
  /** Which keys a query may see; its type is bool. */
  readonly allowed?: Value | undefined;
  /** What the output of a query is multiplied by, [.., S, 1]: 0 for one that sees nothing. */
  readonly sees?: Value | undefined;
  /** One more logit per head, [1, H, 1, 1], that takes weight but has no value. */
  readonly sink?: Value | undefined;
}

/** What attention computes on its way. */
export interface Attention {
  /** [N, H, S, E] */
  readonly output: Value;
  /** Scores after scaling, after soft capping, after everything but the softmax, after the softmax. */
  readonly stages: readonly [Value, Value, Value, Value];
}

/** softmax(scale · q kᵀ + bias) v */
export function attention(b: GraphBuilder, heads: Heads, options: AttentionOptions): Attention {
  const grouped = isGrouped(b, heads);
  const q = scaleQueries(b, heads.q, options.scale);
  const raw = unfold(
    b,
    product(b, fold(b, q, heads.k, grouped), heads.k, { transB: true }),
    q,
    grouped,
  );
  const capped = softcap(b, raw, options.softcap ?? 0);
  const masked = mask(b, capped, options);
  const weights = castLike(b, softmax(b, widen(b, masked), options.sink), raw);
  const output = unfold(b, product(b, fold(b, weights, heads.k, grouped), heads.v), q, grouped);
  const { sees } = options;
  const seeing = (x: Value) => sees === undefined ? x : mul(b, x, castLike(b, sees, x));
  return { output: seeing(output), stages: [raw, capped, masked, seeing(weights)] };
}

/** Whether there may be more query heads than key heads. */
function isGrouped(b: GraphBuilder, { q, k }: Heads): boolean {
  return b.dims(q)?.[1] !== b.dims(k)?.[1];
}

/** [N, H, S, X] → [N, G, H/G · S, X]: the queries of one key head as more rows. */
function fold(b: GraphBuilder, x: Value, k: Value, grouped: boolean): Value {
  return grouped ? reshape(b, x, [0, sizePart(b, k, 1), -1, sizePart(b, x, 3)]) : x;
}

/** Undoes {@link fold} for a product of folded queries. */
function unfold(b: GraphBuilder, x: Value, q: Value, grouped: boolean): Value {
  if (!grouped) return x;
  return reshape(b, x, [0, sizePart(b, q, 1), sizePart(b, q, 2), sizePart(b, x, 3)]);
}

function scaleQueries(b: GraphBuilder, q: Value, factor: number | undefined): Value {
  if (factor !== undefined) return scale(b, q, factor);
  const width = sizePart(b, q, 3);
  if (typeof width === "number") return scale(b, q, 1 / Math.sqrt(width));
  return div(b, q, castLike(b, b.op("Sqrt", [castTo(b, width, "float32")]), q));
}

function softcap(b: GraphBuilder, scores: Value, cap: number): Value {
  return cap === 0 ? scores : scale(b, b.op("Tanh", [scale(b, scores, 1 / cap)]), cap);
}

/**
 * A number of a value's type far below any score, but finite: a query that sees nothing has uniform
 * weights rather than NaN.
 */
export function hiddenOf(b: GraphBuilder, x: Value): number {
  return b.dtype(x) === "float16" ? -3e4 : -1e38;
}

/** The mask is added, being small or constant: choosing between scores would cost a pass over them. */
function mask(b: GraphBuilder, scores: Value, { bias, allowed }: AttentionOptions): Value {
  const added = bias === undefined ? undefined : castLike(b, bias, scores);
  if (allowed === undefined) return added === undefined ? scores : add(b, scores, added);
  const wall = penalty(b, allowed, hiddenOf(b, scores), scores);
  return add(b, scores, added === undefined ? wall : add(b, added, wall));
}

function softmax(b: GraphBuilder, scores: Value, sink: Value | undefined): Value {
  if (sink === undefined) return b.op("Softmax", [scores], { axis: -1 });
  const one = (axis: number) => sizePart(b, scores, axis);
  const column = b.op("Expand", [
    castLike(b, sink, scores),
    joinShape(b, [one(0), one(1), one(2), 1]),
  ]);
  const all = b.op("Softmax", [b.op("Concat", [scores, column], { axis: -1 })], { axis: -1 });
  return b.op("Slice", [all, b.int64s([0]), b.int64s([-1]), b.int64s([-1])]);
}

/** [N, S, H·D] → [N, H, S, D] */
export function splitHeads(b: GraphBuilder, x: Value, heads: number): Value {
  const width = b.dims(x)?.[2];
  const split = reshape(b, x, [0, 0, heads, typeof width === "number" ? width / heads : -1]);
  return b.op("Transpose", [split], { perm: [0, 2, 1, 3] });
}

/** [N, H, S, D] → [N, S, H·D] */
export function mergeHeads(b: GraphBuilder, x: Value): Value {
  const [heads, width] = [sizePart(b, x, 1), sizePart(b, x, 3)];
  const merged = typeof heads === "number" && typeof width === "number" ? heads * width : -1;
  return reshape(b, b.op("Transpose", [x], { perm: [0, 2, 1, 3] }), [0, 0, merged]);
}

/** Past and new keys or values along the time axis. */
export function withPast(b: GraphBuilder, past: Value | undefined, x: Value): Value {
  return past ? b.op("Concat", [past, x], { axis: 2 }) : x;
}

/** 0, 1, … count − 1 */
export function positions(b: GraphBuilder, count: ShapePart): Value {
  const end = typeof count === "number"
    ? b.scalar(count, "int64")
    : b.op("Squeeze", [count, b.int64s([0])]);
  return b.op("Range", [b.scalar(0, "int64"), end, b.scalar(1, "int64")]);
}

/** Which of `keys` positions each of `queries` rows may see. */
export interface PositionMask {
  readonly queries: ShapePart;
  readonly keys: ShapePart;
  /**
   * Position of the first query: one number, or one for each row of the batch, [N, 1, 1, 1]. If absent
   * the last query sees the last key.
   */
  readonly offset?: ShapePart;
  /** How many keys before its own position a query sees at most; default all. */
  readonly left?: number | undefined;
  /** How many keys behind its own position a query sees at most; default all. */
  readonly right?: number | undefined;
}

/** s + offset − left ≤ t ≤ s + offset + right: bool of shape [S, T], or [N, 1, S, T] with its offsets. */
export function positionMask(
  b: GraphBuilder,
  { queries, keys, offset, left, right }: PositionMask,
): Value | undefined {
  const shift = vectorOf(b, offset ?? difference(b, keys, queries));
  const rows = add(b, b.op("Unsqueeze", [positions(b, queries), b.int64s([1])]), shift);
  const columns = b.op("Unsqueeze", [positions(b, keys), b.int64s([0])]);
  const moved = (by: number) => by === 0 ? rows : add(b, rows, b.int64s([by]));
  return bothAllowed(
    b,
    right === undefined ? undefined : b.op("LessOrEqual", [columns, moved(right)]),
    left === undefined ? undefined : b.op("GreaterOrEqual", [columns, moved(-left)]),
  );
}

const vectorOf = (b: GraphBuilder, part: ShapePart): Value =>
  typeof part === "number" ? b.int64s([part]) : part;

/** What a query sees that sees no key behind its own. */
export interface CausalMask extends Omit<PositionMask, "left" | "right"> {
  /** A query sees this many keys at most, itself included. */
  readonly window?: number | undefined;
}

/** t ≤ s + offset, and t > s + offset − window: bool of shape [S, T]. */
export function causalMask(b: GraphBuilder, { window, ...mask }: CausalMask): Value {
  return positionMask(b, {
    ...mask,
    right: 0,
    ...(window === undefined ? {} : { left: window - 1 }),
  })!;
}

function difference(b: GraphBuilder, x: ShapePart, z: ShapePart): ShapePart {
  if (typeof x === "number" && typeof z === "number") return x - z;
  return b.op("Sub", [vectorOf(b, x), vectorOf(b, z)]);
}

/** Both masks, where there are two. */
export function bothAllowed(
  b: GraphBuilder,
  left: Value | undefined,
  right: Value | undefined,
): Value | undefined {
  return left && right ? b.op("And", [left, right]) : left ?? right;
}

/** 0 where `allowed`, else `value`, as an addition to scores. */
export function penalty(b: GraphBuilder, allowed: Value, value: number, like: Value): Value {
  const zero = constantLike(b, like, 0);
  return where(b, allowed, zero, constantLike(b, like, value));
}
