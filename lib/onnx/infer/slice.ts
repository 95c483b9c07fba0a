/** The rule of Slice. @module */
import {
  addDims,
  compareDims,
  divideDimsUp,
  minDims,
  subtractDims,
  unknownDim,
} from "../ir/dim.ts";
import type { Dim } from "../ir/model.ts";
import { type NodeContext, type OpRow, typed } from "./context.ts";
import { normalizeAxis } from "../ir/axis.ts";
import { known, rearrange, stridesOf } from "./known.ts";
import { WrongNode } from "./wrong_node.ts";
import { unknownDims } from "./movement.ts";

interface Range {
  readonly axis: number;
  readonly start: Dim;
  readonly end: Dim;
  readonly step: number;
}

/** Ranges of a Slice, or undefined if its axes or steps are not known. */
function sliceRanges(c: NodeContext, rank: number): Range[] | undefined {
  const starts = c.ints("starts") ?? c.known(1)?.elements;
  const ends = c.ints("ends") ?? c.known(2)?.elements;
  const axes = c.ints("axes") ?? (c.has(3) ? c.numbers(3) : starts?.map((_, i) => i)) ??
    (c.has(3) ? undefined : unslicedAxes(c));
  const steps = c.has(4) ? c.numbers(4) : axes?.map(() => 1);
  if (axes === undefined || steps === undefined) return undefined;
  if ([starts, ends, steps].some((list) => list !== undefined && list.length !== axes.length)) {
    throw new WrongNode("its starts, ends, axes and steps differ in number");
  }
  return axes.map((axis, i) => ({
    axis: normalizeAxis(axis, rank),
    start: starts?.[i] ?? unknownDim(),
    end: ends?.[i] ?? unknownDim(),
    step: steps[i]!,
  }));
}

function unslicedAxes(c: NodeContext): number[] | undefined {
  const count = c.dims(1)?.[0];
  const rank = c.rank(0) ?? 0;
  if (typeof count !== "number") return undefined;
  if (count > rank) throw new WrongNode(`it slices ${count} axes of an input of rank ${rank}`);
  return Array.from({ length: count }, (_, i) => i);
}

const farAway = 2 ** 31 - 1;

/** Number of elements that a range takes of an axis. */
function sliceSize(size: Dim, { start, end, step }: Range): Dim {
  if (typeof size === "number" && typeof start === "number" && typeof end === "number") {
    return taken(size, start, end, step).count;
  }
  if (step < 0) {
    return start === -1 && typeof end === "number" && end <= -farAway && step === -1
      ? size
      : unknownDim();
  }
  const from = typeof start === "number" && start < 0 ? addDims(size, start) : start;
  const to = sliceEnd(size, end);
  // The last k elements, as a sliding window takes them, may be all there are.
  const last = typeof start === "number" && start < -1 && to === size;
  if (last && typeof size === "string") return divideDimsUp(minDims(size, -start), step);
  return divideDimsUp(subtractDims(to, from), step);
}

/** End of a range on an axis of which the size or the end is a symbol; exporters keep it within. */
function sliceEnd(size: Dim, end: Dim): Dim {
  if (typeof end === "number") {
    if (end >= farAway) return size;
    return end < 0 ? addDims(size, end) : minDims(size, end);
  }
  if (typeof size === "number") return end;
  if (/^-/.test(end)) return addDims(size, end);
  return compareDims(end, size) === -1 ? end : minDims(end, size);
}

/** First index, step and number of the elements that a range takes of an axis. */
function taken(size: number, start: number, end: number, step: number) {
  const clamp = (at: number, low: number, high: number) =>
    Math.min(Math.max(at < 0 ? at + size : at, low), high);
  // A start before the axis counts as its first element, as in the operator's text.
  const first = clamp(start, 0, step > 0 ? size : size - 1);
  const last = step > 0 ? clamp(end, 0, size) : end < -size ? -1 : clamp(end, -1, size - 1);
  return { first, count: Math.max(0, Math.ceil((last - first) / step)) };
}

/** Indices that a range takes of an axis. */
function sliceIndices(size: number, start: number, end: number, step: number): number[] {
  const { first, count } = taken(size, start, end, step);
  return Array.from({ length: count }, (_, i) => first + i * step);
}

/** Slice, in the form of set 1 with attributes as well. */
export const slice: OpRow = {
  infer: (c) => {
    const dims = c.dims(0);
    const ranges = dims && sliceRanges(c, dims.length);
    if (ranges === undefined) return [typed(c.dtype(0), dims && unknownDims(dims.length))];
    const sliced = [...dims!];
    for (const range of ranges) sliced[range.axis] = sliceSize(sliced[range.axis]!, range);
    return [typed(c.dtype(0), sliced)];
  },
  evaluate: (c) => {
    const x = c.known(0);
    const ranges = x && sliceRanges(c, x.dims.length);
    if (ranges?.every((r) => typeof r.start === "number" && typeof r.end === "number") !== true) {
      return undefined;
    }
    if (x!.elements.length === 0) {
      const dims = [...x!.dims];
      for (const range of ranges) dims[range.axis] = sliceSize(dims[range.axis]!, range) as number;
      return [known(x!.dtype, dims, [])];
    }
    const kept = x!.dims.map((d) => Array.from({ length: d }, (_, i) => i));
    for (const { axis, start, end, step } of ranges) {
      kept[axis] = sliceIndices(x!.dims[axis]!, start as number, end as number, step);
    }
    const strides = stridesOf(x!.dims);
    return [
      rearrange(
        x!,
        kept.map((k) => k.length),
        (index) => kept.reduce((at, k, axis) => at + k[index[axis]!]! * strides[axis]!, 0),
      ),
    ];
  },
};
