/**
 * The transpose of Slice. Unit steps pad with zeros; other steps gather from the gradient and one
 * element of zeros, so that nothing is scattered.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { constantInts, dimOf, padZeros, range, rankOf, sub } from "../engine/expressions.ts";
import { refuse } from "../engine/refuse.ts";
import { normalizeAxis } from "../../onnx/ir/axis.ts";
import { linear } from "../engine/rule.ts";

/** One sliced axis; starts and ends are values of shape [1]. */
interface Cut {
  readonly axis: number;
  readonly start: Value;
  readonly end: Value;
  readonly step: number;
}

function element(b: GraphBuilder, list: Value, i: number): Value {
  const known = constantInts(b, list);
  return known
    ? b.int64s([known[i]!])
    : b.op("Gather", [int64(b, list), b.int64s([i])], { axis: 0 });
}

function int64(b: GraphBuilder, list: Value): Value {
  return b.dtype(list) === "int64" ? list : b.op("Cast", [list], { to: 7 });
}

/** The cuts of a node, which are as many as its axes. */
function cutsOf(b: GraphBuilder, node: Node): Cut[] {
  const [x, starts, ends, axes, steps] = node.inputs as [Value, Value, Value, Value?, Value?];
  const rank = rankOf(b, x);
  const given = axes ? constantInts(b, axes) : range(Number(b.dims(starts)?.[0] ?? rank));
  const strides = steps ? constantInts(b, steps) : given?.map(() => 1);
  refuse(
    node,
    given === undefined || strides === undefined,
    "its axes or steps are known at run time only",
    "Starts and ends may be computed; axes and steps must be constants",
  );
  return given!.map((axis, i) => ({
    axis: normalizeAxis(axis, rank),
    start: element(b, starts, i),
    end: element(b, ends, i),
    step: strides![i]!,
  }));
}

/** Elements before the cut: the start, counted from the front and kept within the axis. */
function before(b: GraphBuilder, x: Value, { axis, start }: Cut): Value {
  const known = constantInts(b, start)?.[0];
  const dim = b.dims(x)?.[axis];
  if (known === 0) return start;
  if (known !== undefined && typeof dim === "number") {
    return b.int64s([Math.min(Math.max(known < 0 ? known + dim : known, 0), dim)]);
  }
  const size = dimOf(b, x, axis);
  const zero = b.int64s([0]);
  const wrapped = b.op("Where", [b.op("Less", [start, zero]), b.op("Add", [start, size]), start]);
  return b.op("Max", [b.op("Min", [wrapped, size]), zero]);
}

/** Pads all axes with unit step at once. */
function padBack(b: GraphBuilder, g: Value, node: Node, cuts: readonly Cut[]): Value {
  const [x] = node.inputs as [Value];
  const [y] = node.outputs as [Value];
  const paddings = cuts.map((cut) => {
    const first = before(b, x, cut);
    return { axis: cut.axis, before: first, after: after(b, x, y, cut.axis, first) };
  });
  const isEmpty = (pad: Value) => constantInts(b, pad)?.[0] === 0;
  const cutAway = paddings.filter((pad) => !isEmpty(pad.before) || !isEmpty(pad.after));
  return cutAway.length === 0 ? g : padZeros(b, g, cutAway);
}

function after(b: GraphBuilder, x: Value, y: Value, axis: number, first: Value): Value {
  const known = [constantInts(b, first)?.[0], b.dims(x)?.[axis], b.dims(y)?.[axis]];
  const [start, size, kept] = known;
  if (typeof start === "number" && typeof size === "number" && typeof kept === "number") {
    return b.int64s([size - start - kept]);
  }
  return sub(b, sub(b, dimOf(b, x, axis), first), dimOf(b, y, axis));
}

/** Gathers, for each element of the axis, its gradient or the zero behind the last one. */
function gatherBack(b: GraphBuilder, g: Value, x: Value, cut: Cut): Value {
  const { axis, start, end, step } = cut;
  const scalar = (value: Value) => b.op("Squeeze", [value, b.int64s([0])]);
  const iota = (size: Value) =>
    b.op("Range", [scalar(b.int64s([0])), scalar(size), scalar(b.int64s([1]))]);
  const size = dimOf(b, x, axis);
  const kept = dimOf(b, g, axis);
  const taken = b.op("Slice", [iota(size), start, end, b.int64s([0]), b.int64s([step])]);
  const nothing = b.op("Expand", [kept, size]);
  const source = b.op("ScatterElements", [nothing, taken, iota(kept)], { axis: 0 });
  const padded = padZeros(b, g, [{ axis, before: b.int64s([0]), after: b.int64s([1]) }]);
  return b.op("Gather", [padded, source], { axis });
}

/** Rule of Slice. */
export const slice = linear(({ b, node, g, x }) => {
  const cuts = cutsOf(b, node);
  const strided = cuts.filter(({ step }) => step !== 1);
  const unit = cuts.filter(({ step }) => step === 1);
  const spread = strided.reduce((grad, cut) => gatherBack(b, grad, x, cut), g);
  return unit.length === 0 ? spread : padBack(b, spread, node, unit);
});
