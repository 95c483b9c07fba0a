/**
 * The transposed map of a convolution: adds `grad` times the weight back over every window. Windows
 * that slide by one make it a convolution by the flipped weight, for which runtimes have their
 * fastest kernels (for depthwise weights on the processor ten times faster). So do depthwise windows
 * of other strides once zeros are put between the elements of the gradient (two to five times
 * faster); the rest is ConvTranspose.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import { tensor } from "../../tensor/tensor.ts";
import { between, reshape, shapeBetween, staticDims } from "../engine/dynamic_shape.ts";
import { add, longestRange, mul } from "../engine/expressions.ts";
import { reach, spatialAxes, tails, type Window } from "./window.ts";

/** ∂x of y = Conv(x, weight), in the spatial size of `input`. */
export function scatterWindows(
  b: GraphBuilder,
  grad: Value,
  weight: Value,
  input: Value,
  window: Window,
  group: number,
): Value {
  const flipped = slidesByOne(window) ? flip(b, weight, window, group) : undefined;
  if (flipped !== undefined) return convolve(b, grad, flipped, window, group);
  const ends = tails(b, window, input, grad);
  const spread = scatterDepthwise(b, grad, weight, window, { group, ends });
  if (spread !== undefined) return spread;
  const cuts = window.begin.map((_, axis) => cutOf(window, ends, axis));
  const full = b.op("ConvTranspose", [grad, weight], {
    group,
    kernel_shape: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    pads: [...cuts, ...cuts].map(({ pad }) => pad),
    output_padding: cuts.map(({ extra }) => extra),
  });
  return cuts.every(({ exact }) => exact)
    ? full
    : cropLike(b, full, input, window, cuts.map(({ begin }) => begin));
}

/** How an axis of ConvTranspose's output is cut to the input's size. */
interface Cut {
  /** At both ends: runtimes have kernels for symmetric padding only. */
  readonly pad: number;
  /** What comes back at the end: less than the stride, as ONNX Runtime refuses more. */
  readonly extra: number;
  /** What is left to be cropped at the begin. */
  readonly begin: number;
  /** Whether that is all. */
  readonly exact: boolean;
}

function cutOf(window: Window, ends: readonly (number | undefined)[], axis: number): Cut {
  const stride = window.strides[axis]!;
  const wanted = window.begin[axis]!;
  const end = ends[axis] ?? 1 - stride;
  const pad = Math.max(0, Math.min(wanted, end + stride - 1));
  const isExact = ends[axis] !== undefined && pad === wanted && end <= pad;
  return { pad, extra: Math.max(0, pad - end), begin: wanted - pad, exact: isExact };
}

/** Whether stride is 1 everywhere and no window lies in the padding alone. */
function slidesByOne(window: Window): boolean {
  const { strides, begin, end, ceil } = window;
  return !ceil &&
    strides.every((stride, axis) =>
      stride === 1 && Math.max(begin[axis]!, end[axis]!) < reach(window, axis)
    );
}

/** Padding that undoes the window's own: reach − 1 − pad on the same side. */
function convolve(
  b: GraphBuilder,
  grad: Value,
  weight: Value,
  window: Window,
  group: number,
): Value {
  const rest = (pads: readonly number[]) => pads.map((pad, axis) => reach(window, axis) - 1 - pad);
  return b.op("Conv", [grad, weight], {
    group,
    kernel_shape: window.kernel,
    dilations: window.dilations,
    pads: [...rest(window.begin), ...rest(window.end)],
  });
}

/** Depthwise windows in the plane: a convolution of the gradient with zeros in between. */
function scatterDepthwise(
  b: GraphBuilder,
  grad: Value,
  weight: Value,
  window: Window,
  { group, ends }: { readonly group: number; readonly ends: readonly (number | undefined)[] },
): Value | undefined {
  const sizes = staticDims(b, grad, 2);
  const channels = staticDims(b, weight, 0, 2);
  const isDepthwise = group > 1 && channels?.[0] === group && channels[1] === 1;
  if (!isDepthwise || sizes?.length !== 2 || b.dtype(grad) !== "float32") return undefined;
  if (sizes.some((size, axis) => size * window.strides[axis]! > longestRange)) return undefined;
  const before = window.begin.map((pad, axis) => reach(window, axis) - 1 - pad);
  const after = ends.map((end, axis) => reach(window, axis) - window.strides[axis]! - (end ?? NaN));
  if (![...before, ...after].every((pad) => pad >= 0)) return undefined;
  return b.op("Conv", [
    insertZeros(b, grad, sizes, window.strides),
    flip(b, weight, window, group),
  ], {
    group,
    kernel_shape: window.kernel,
    dilations: window.dilations,
    pads: [...before, ...after],
  });
}

/** Every element followed by zeros, a stride to the next: repeated, then masked. */
function insertZeros(
  b: GraphBuilder,
  x: Value,
  sizes: readonly number[],
  strides: readonly number[],
): Value {
  const scales = b.constant(tensor("float32", [4], Float32Array.of(1, 1, ...strides)));
  const repeated = b.op("Resize", [x, undefined, scales], {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  });
  const [rows, columns] = sizes.map((size, axis) => comb(size, strides[axis]!));
  const mask = mul(
    b,
    b.constant(tensor("float32", [rows!.length, 1], rows!)),
    b.constant(tensor("float32", [1, columns!.length], columns!)),
  );
  return mul(b, repeated, mask);
}

/** 1, then zeros up to the next stride. */
function comb(size: number, stride: number): Float32Array {
  return Float32Array.from({ length: size * stride }, (_, i) => i % stride === 0 ? 1 : 0);
}

/** [G·M, C, …] → [G·C, M, …] read backwards in space; `undefined` if the sizes are not known. */
function flip(b: GraphBuilder, weight: Value, window: Window, group: number): Value | undefined {
  const turned = backwards(b, weight, window);
  const axes = spatialAxes(window);
  if (group === 1) return b.op("Transpose", [turned], { perm: [1, 0, ...axes] });
  const channels = staticDims(b, weight, 0, 2);
  if (channels === undefined) return undefined;
  const [out, inner] = [channels[0]! / group, channels[1]!];
  const merged = [group * inner, out, ...window.kernel];
  if (inner === 1) return reshape(b, turned, merged);
  const split = reshape(b, turned, [group, out, inner, ...window.kernel]);
  const perm = [0, 2, 1, ...between(3, axes.length + 3)];
  return reshape(b, b.op("Transpose", [split], { perm }), merged);
}

function backwards(b: GraphBuilder, weight: Value, window: Window): Value {
  const axes = spatialAxes(window).filter((axis) => window.kernel[axis - 2] !== 1);
  if (axes.length === 0) return weight;
  const all = (value: number) => b.int64s(axes.map(() => value));
  return b.op("Slice", [weight, all(-1), all(Number.MIN_SAFE_INTEGER), b.int64s(axes), all(-1)]);
}

/** Elements of `value` from `begin` on along each spatial axis, as many as `input` has. */
export function cropLike(
  b: GraphBuilder,
  value: Value,
  input: Value,
  window: Window,
  begin: readonly number[] = window.begin.map(() => 0),
): Value {
  const axes = spatialAxes(window);
  const size = shapeBetween(b, input, 2);
  const end = begin.every((start) => start === 0) ? size : add(b, size, b.int64s(begin));
  return b.op("Slice", [value, b.int64s(begin), end, b.int64s(axes)]);
}
