/**
 * Convolution and its transposed form, in any number of spatial axes.
 *
 * With y[n,m,o] = Σ w[m,c,k] · x[n,c,o·s + k·d − p] the gradients are
 * - ∂x: the same sum read backwards, which is ConvTranspose(g, w),
 * - ∂w[m,c,k] = Σ_{n,o} g[n,m,o] · x[n,c,o·s + k·d − p]: a convolution of x by g with batch and channel
 *   axes exchanged, and stride and dilation exchanged,
 * - ∂b: the sum of g over all axes but the channels.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Dim, Node } from "../../onnx/ir/model.ts";
import { intOf, intsOf, stringOf } from "../engine/attributes.ts";
import { between, reshape, shapeBetween, sizePart } from "../engine/dynamic_shape.ts";
import { isStatic, reduceSum } from "../engine/expressions.ts";
import { refuse } from "../engine/refuse.ts";
import type { GradRule, GradRules } from "../engine/rule.ts";
import { scatterWindows } from "./scatter_windows.ts";
import { placeWindow, reach, spatialAxes, tails, type Window, withPads } from "./window.ts";

const conv: GradRule = (node, { builder: b, outputGrads: [g], needs }) => {
  if (g === undefined) return [];
  const [x, w] = [node.inputs[0]!, node.inputs[1]!];
  const group = intOf(node, "group", 1);
  const { input, window, restore } = placeWindow(b, node, x, kernelOf(b, node, w));
  return [
    needs(0) ? restore(scatterWindows(b, g, w, input, window, group)) : undefined,
    needs(1) ? weightGrad(b, input, g, window, group) : undefined,
    needs(2) ? biasGrad(b, g, window) : undefined,
  ];
};

/** y = ConvTranspose(x, w), so ∂x = Conv(g, w), and ∂w is that of a Conv from g to x. */
const convTranspose: GradRule = (node, { builder: b, outputGrads: [g], needs }) => {
  if (g === undefined) return [];
  const [x, w] = [node.inputs[0]!, node.inputs[1]!];
  const group = intOf(node, "group", 1);
  const window = transposedWindow(b, node, x, w);
  return [
    needs(0) ? gatherWindows(b, node, g, window) : undefined,
    needs(1) ? weightGrad(b, g, x, window, group) : undefined,
    needs(2) ? biasGrad(b, g, window) : undefined,
  ];
};

/** Rules of the convolution family. */
export const convolutionRules = { Conv: conv, ConvTranspose: convTranspose } satisfies GradRules;

/** Sizes of the kernel: the attribute, or the weight's spatial axes. */
function kernelOf(b: GraphBuilder, node: Node, weight: Value): readonly number[] {
  const kernel = intsOf(node, "kernel_shape") ?? b.dims(weight)?.slice(2);
  refuse(
    node,
    !isStatic(kernel),
    `its kernel's size is not known, the weight "${weight}" is [${b.dims(weight) ?? "?"}]`,
    "Give the node a kernel_shape, or the weight a shape",
  );
  return kernel as readonly number[];
}

/** ∂b = Σ g over batch and space. */
function biasGrad(b: GraphBuilder, g: Value, window: Window): Value {
  return reduceSum(b, g, [0, ...spatialAxes(window)], false);
}

/** ∂w of a convolution from `input` to an output with gradient `g`. */
function weightGrad(b: GraphBuilder, input: Value, g: Value, window: Window, group: number): Value {
  if (group === 1 && isPointwise(window)) return pointwiseWeightGrad(b, input, g, window);
  const ends = tails(b, window, input, g);
  const swapped = exchange(window);
  const sum = b.op("Conv", [
    group === 1
      ? b.op("Transpose", [input], { perm: swapped })
      : groupsToBatch(b, input, window, group),
    b.op("Transpose", [g], { perm: swapped }),
  ], {
    group,
    strides: window.dilations,
    dilations: window.strides,
    pads: [...window.begin, ...ends.map((end, axis) => Math.max(0, end ?? window.end[axis]!))],
  });
  return b.op("Transpose", [cropKernel(b, sum, window, ends)], { perm: swapped });
}

/** The convolution above may yield positions after the kernel, where a stride left inputs over. */
function cropKernel(
  b: GraphBuilder,
  sum: Value,
  window: Window,
  ends: readonly (number | undefined)[],
): Value {
  const exact = ends.every((end, axis) =>
    -(end ?? 1 - window.strides[axis]!) < window.dilations[axis]!
  );
  if (exact) return sum;
  const axes = spatialAxes(window);
  return b.op("Slice", [
    sum,
    b.int64s(axes.map(() => 0)),
    b.int64s(window.kernel),
    b.int64s(axes),
  ]);
}

function isPointwise({ kernel, strides, begin, end }: Window): boolean {
  return kernel.every((size, i) => size * strides[i]! === 1 && begin[i] === 0 && end[i] === 0);
}

/** Kernel of one element: ∂w = G Xᵀ with batch and space as one axis. */
function pointwiseWeightGrad(b: GraphBuilder, x: Value, g: Value, window: Window): Value {
  const perm = exchange(window);
  const rows = (value: Value) =>
    reshape(b, b.op("Transpose", [value], { perm }), [sizePart(b, value, 1), -1]);
  const product = b.op("Gemm", [rows(g), rows(x)], { transB: 1 });
  const axes = spatialAxes(window);
  return b.op("Unsqueeze", [product, b.int64s(axes)]);
}

/** [N, G·C, …] → [C, G·N, …], so that a grouped convolution pairs each group's inputs with its outputs. */
function groupsToBatch(b: GraphBuilder, x: Value, window: Window, group: number): Value {
  const channelsFirst = b.op("Transpose", [x], { perm: exchange(window) });
  const keep = window.kernel.map(() => 0);
  if (b.dims(x)?.[1] === group) return b.op("Reshape", [channelsFirst, b.int64s([1, -1, ...keep])]);
  const rest = shapeBetween(b, channelsFirst, 1);
  const channels = perGroup(b, x, group);
  const split = reshape(b, channelsFirst, [group, channels, rest]);
  const perm = [1, 0, ...between(2, window.kernel.length + 3)];
  const batched = b.op("Transpose", [split], { perm });
  return reshape(b, batched, [channels, -1, shapeBetween(b, x, 2)]);
}

function perGroup(b: GraphBuilder, x: Value, group: number): number | Value {
  const channels = b.dims(x)?.[1];
  return typeof channels === "number"
    ? channels / group
    : b.op("Div", [shapeBetween(b, x, 1, 2), b.int64s([group])]);
}

/** The permutation that exchanges batch and channels. */
function exchange(window: Window): number[] {
  return [1, 0, ...spatialAxes(window)];
}

/** The window of the Conv whose transposed map the node is. */
function transposedWindow(b: GraphBuilder, node: Node, x: Value, w: Value): Window {
  const kernel = kernelOf(b, node, w);
  const ones = kernel.map(() => 1);
  const zeros = kernel.map(() => 0);
  const window: Window = {
    kernel,
    strides: intsOf(node, "strides") ?? ones,
    dilations: intsOf(node, "dilations") ?? ones,
    begin: zeros,
    end: zeros,
    ceil: false,
  };
  return withPads(window, transposedPads(node, window, b.dims(x)?.slice(2) ?? []));
}

/** Pads of ConvTranspose: given, or what is cropped to reach the wanted output size. */
function transposedPads(node: Node, window: Window, sizes: readonly Dim[]): readonly number[] {
  const mode = stringOf(node, "auto_pad", "NOTSET");
  const wanted = intsOf(node, "output_shape")?.slice(-window.kernel.length);
  const zeros = window.kernel.map(() => 0);
  if (wanted === undefined && !mode.startsWith("SAME")) {
    return intsOf(node, "pads") ?? [...zeros, ...zeros];
  }
  const extra = intsOf(node, "output_padding") ?? zeros;
  const totals = window.strides.map((stride, axis) => {
    const overlap = wanted ? (knownSize(node, sizes[axis]) - 1) * stride - wanted[axis]! : -stride;
    return Math.max(0, overlap + reach(window, axis) + extra[axis]!);
  });
  const small = totals.map((total) => Math.floor(total / 2));
  const large = totals.map((total, axis) => total - small[axis]!);
  return mode === "SAME_UPPER" ? [...small, ...large] : [...large, ...small];
}

function knownSize(node: Node, size: Dim | undefined): number {
  refuse(
    node,
    typeof size !== "number",
    "it has an output_shape, but the size of its input is known at run time only",
    "Give pads in place of output_shape, or fix the size of the input",
  );
  return Number(size);
}

/** Conv(g, w); output padding, less than a stride, makes no further window. */
function gatherWindows(
  b: GraphBuilder,
  node: Node,
  g: Value,
  window: Window,
): Value {
  const w = node.inputs[1]!;
  return b.op("Conv", [g, w], {
    group: intOf(node, "group", 1),
    kernel_shape: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    pads: [...window.begin, ...window.end],
  });
}
