/** Sliding windows: what convolution and pooling share. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Dim, Node } from "../../onnx/ir/model.ts";
import { intsOf, stringOf } from "../engine/attributes.ts";
import { between, shapeBetween } from "../engine/dynamic_shape.ts";

/** Windows of `kernel` elements over the spatial axes, per axis. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly begin: readonly number[];
  readonly end: readonly number[];
  /** The last window may reach over the end of the padded input. */
  readonly ceil: boolean;
}

/** A window placed over an input whose sizes may be known at run time only. */
export interface PlacedWindow {
  readonly window: Window;
  /** The input, padded if the window's own padding is not known while building. */
  readonly input: Value;
  /** From the gradient of `input` to that of the node's input. */
  restore(grad: Value): Value;
}

/** The axes that windows slide along. */
export function spatialAxes(window: Window): number[] {
  return window.kernel.map((_, axis) => axis + 2);
}

/** Elements from the first to the last one that a window touches. */
export function reach(window: Window, axis: number): number {
  return (window.kernel[axis]! - 1) * window.dilations[axis]! + 1;
}

/** The node's window over `x`, with automatic padding resolved. */
export function placeWindow(
  b: GraphBuilder,
  node: Node,
  x: Value,
  kernel: readonly number[],
  ceil = false,
): PlacedWindow {
  const window = plainWindow(node, kernel, ceil);
  const mode = stringOf(node, "auto_pad", "NOTSET");
  if (mode === "NOTSET" || mode === "VALID") {
    const pads = mode === "VALID" ? undefined : intsOf(node, "pads");
    return { window: pads ? withPads(window, pads) : window, input: x, restore: (grad) => grad };
  }
  const upper = mode === "SAME_UPPER";
  const pads = samePads(window, b.dims(x)?.slice(2) ?? [], upper);
  return pads === undefined
    ? padAtRunTime(b, x, window, upper)
    : { window: withPads(window, pads), input: x, restore: (grad) => grad };
}

function plainWindow(node: Node, kernel: readonly number[], ceil: boolean): Window {
  const ones = kernel.map(() => 1);
  const zeros = kernel.map(() => 0);
  return {
    kernel,
    strides: intsOf(node, "strides") ?? ones,
    dilations: intsOf(node, "dilations") ?? ones,
    begin: zeros,
    end: zeros,
    ceil,
  };
}

/** The window with `pads` as ONNX writes them: all begins, then all ends. */
export function withPads(window: Window, pads: readonly number[]): Window {
  const rank = window.kernel.length;
  return { ...window, begin: pads.slice(0, rank), end: pads.slice(rank) };
}

/** SAME: ⌈n / stride⌉ windows, the odd element of the padding at the end (UPPER) or the begin. */
function samePads(
  window: Window,
  sizes: readonly Dim[],
  upper: boolean,
): readonly number[] | undefined {
  const begin: number[] = [];
  const end: number[] = [];
  for (const [axis, stride] of window.strides.entries()) {
    const size = sizes[axis];
    if (typeof size !== "number" && stride !== 1) return undefined;
    const uncovered = typeof size === "number"
      ? (Math.ceil(size / stride) - 1) * stride - size
      : -1;
    const total = Math.max(0, uncovered + reach(window, axis));
    const small = Math.floor(total / 2);
    begin.push(upper ? small : total - small);
    end.push(upper ? total - small : small);
  }
  return [...begin, ...end];
}

/** SAME padding computed by the graph; the gradient is cropped by the negated pads. */
function padAtRunTime(b: GraphBuilder, x: Value, window: Window, upper: boolean): PlacedWindow {
  const rank = window.kernel.length;
  const strides = b.int64s(window.strides);
  const size = shapeBetween(b, x, 2);
  const above = b.op("Add", [size, b.int64s(window.strides.map((stride) => stride - 1))]);
  const covered = b.op("Mul", [b.op("Div", [above, strides]), strides]);
  const rest = window.strides.map((stride, axis) => reach(window, axis) - stride);
  const missing = b.op("Add", [b.op("Sub", [covered, size]), b.int64s(rest)]);
  const total = b.op("Max", [missing, b.int64s([0])]);
  const small = b.op("Div", [total, b.int64s([2])]);
  const large = b.op("Sub", [total, small]);
  const pads = b.op("Concat", upper ? [small, large] : [large, small], { axis: 0 });
  const axes = b.int64s(between(2, 2 + rank));
  return {
    window,
    input: b.op("Pad", [x, pads, undefined, axes]),
    restore: (grad) => b.op("Pad", [grad, b.op("Neg", [pads]), undefined, axes]),
  };
}

/**
 * What the last window lacks (if positive) or leaves over (if negative) at the end of the input,
 * (o − 1)·stride + reach − begin − n; `undefined` where it is known at run time only.
 */
export function tails(
  b: GraphBuilder,
  window: Window,
  input: Value,
  output: Value,
): readonly (number | undefined)[] {
  const sizes = b.dims(input)?.slice(2) ?? [];
  const counts = b.dims(output)?.slice(2) ?? [];
  return window.kernel.map((_, axis) => {
    const [size, count, stride] = [sizes[axis], counts[axis], window.strides[axis]!];
    if (typeof size === "number" && typeof count === "number") {
      return (count - 1) * stride + reach(window, axis) - window.begin[axis]! - size;
    }
    return stride === 1 && !window.ceil ? window.end[axis]! : undefined;
  });
}
