/**
 * Convolutions and averages over windows as one Gather and one product: column `k, o` of the gathered
 * matrix is the element that tap k sees at output place o, or a zero placed after the data.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Dim, Node } from "../../onnx/ir/model.ts";
import { fromNumbers } from "../../tensor/convert.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { intOf, intsOf, stringOf } from "../engine/attributes.ts";
import type { Float64Form } from "./float64_form.ts";

/** One axis of a window. */
interface Axis {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly begin: number;
}

/** More gathered elements than this (256 MiB) stay with the float32 kernel. */
const maxGathered = 2 ** 25;

/** Windows over the spatial axes of a tensor. */
interface Windows {
  readonly axes: readonly Axis[];
  readonly source: Source;
}

const convSource: Source = (axis, tap, place) =>
  place * axis.stride - axis.begin + tap * axis.dilation;

const transposedSource: Source = (axis, tap, place) =>
  (place + axis.begin - tap * axis.dilation) / axis.stride;

/** y = W · columns(x), by groups. */
export const conv: Float64Form = (node, b) => {
  const [x, w] = [sizes(b, node.inputs[0]!), sizes(b, node.inputs[1]!)];
  if (x === undefined || w === undefined) return undefined;
  const axes = convAxes(node, x.slice(2), w.slice(2));
  const columns = gather(b, node.inputs[0]!, x, { axes, source: convSource });
  if (columns === undefined) return undefined;
  const [group, channels, taps] = [intOf(node, "group", 1), w[0]!, sizeOf(w.slice(1))];
  const matrix = reshape(b, node.inputs[1]!, [group, channels / group, taps]);
  return [product(b, node, { matrix, columns, group, taps, batch: x[0]!, channels, axes })];
};

/** As a convolution of the input with zeros put between, and the weights of each group turned. */
export const convTranspose: Float64Form = (node, b) => {
  const [x, w] = [sizes(b, node.inputs[0]!), sizes(b, node.inputs[1]!)];
  if (x === undefined || w === undefined) return undefined;
  const axes = transposedAxes(node, x.slice(2), w.slice(2));
  const columns = axes && gather(b, node.inputs[0]!, x, { axes, source: transposedSource });
  if (columns === undefined) return undefined;
  const [group, outputs, count] = [intOf(node, "group", 1), w[1]!, sizeOf(w.slice(2))];
  const inputs = w[0]! / group;
  const split = reshape(b, node.inputs[1]!, [group, inputs, outputs, count]);
  const turned = b.op("Transpose", [split], { perm: [0, 2, 1, 3] });
  const taps = inputs * count;
  const matrix = reshape(b, turned, [group, outputs, taps]);
  const channels = outputs * group;
  return [product(b, node, { matrix, columns, group, taps, batch: x[0]!, channels, axes: axes! })];
};

/** Sum over the window by the number of elements in it. */
export const averagePool: Float64Form = (node, b) => {
  const x = sizes(b, node.inputs[0]!);
  const kernel = intsOf(node, "kernel_shape");
  if (!x || !kernel || intOf(node, "ceil_mode", 0) !== 0) return undefined;
  const axes = convAxes(node, x.slice(2), kernel);
  const columns = gather(b, node.inputs[0]!, x, { axes, source: convSource });
  if (columns === undefined) return undefined;
  const output = axes.map((axis) => axis.output);
  const [taps, places] = [sizeOf(kernel), sizeOf(output)];
  const windows = reshape(b, columns, [x[0]!, x[1]!, taps, places]);
  const sum = b.op("ReduceSum", [windows, b.int64s([2])], { keepdims: 0 });
  const padding = intOf(node, "count_include_pad", 0) === 1;
  const counts = padding ? new Array(places).fill(taps) : countsOf(axes, places);
  const mean = b.op("Div", [sum, b.constant(fromNumbers("float32", [places], counts))]);
  return [reshape(b, mean, [x[0]!, x[1]!, ...output])];
};

/** How many taps see an element, by place. */
function countsOf(axes: readonly Axis[], places: number): readonly number[] {
  const counts = new Array<number>(places).fill(0);
  windowIndex(axes, convSource).forEach((from, i) => counts[i % places]! += from < 0 ? 0 : 1);
  return counts;
}

function sizes(b: GraphBuilder, value: Value): readonly number[] | undefined {
  const dims: readonly Dim[] | undefined = b.dims(value);
  return dims?.every((dim) => typeof dim === "number") ? dims as readonly number[] : undefined;
}

function reshape(b: GraphBuilder, x: Value, dims: readonly number[]): Value {
  return b.op("Reshape", [x, b.int64s(dims)]);
}

function convAxes(
  node: Node,
  input: readonly number[],
  kernel: readonly number[],
): readonly Axis[] {
  const pad = stringOf(node, "auto_pad", "NOTSET");
  const [strides, dilations, pads] = ["strides", "dilations", "pads"].map((n) => intsOf(node, n));
  return input.map((size, i) => {
    const [stride, dilation] = [strides?.[i] ?? 1, dilations?.[i] ?? 1];
    const reach = (kernel[i]! - 1) * dilation + 1;
    const same = pad.startsWith("SAME");
    const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size);
    const half = pad === "SAME_LOWER" ? Math.ceil(total / 2) : Math.floor(total / 2);
    const begin = same ? half : pad === "VALID" ? 0 : pads?.[i] ?? 0;
    const end = same ? total - half : pad === "VALID" ? 0 : pads?.[i + input.length] ?? 0;
    const output = Math.floor((size + begin + end - reach) / stride) + 1;
    return { input: size, output, kernel: kernel[i]!, stride, dilation, begin };
  });
}

function transposedAxes(
  node: Node,
  input: readonly number[],
  kernel: readonly number[],
): readonly Axis[] | undefined {
  if (stringOf(node, "auto_pad", "NOTSET") !== "NOTSET" || intsOf(node, "output_shape")) return;
  const [strides, dilations, pads, more] = ["strides", "dilations", "pads", "output_padding"]
    .map((name) => intsOf(node, name));
  return input.map((size, i) => {
    const [stride, dilation] = [strides?.[i] ?? 1, dilations?.[i] ?? 1];
    const [begin, end] = [pads?.[i] ?? 0, pads?.[i + input.length] ?? 0];
    const reach = (kernel[i]! - 1) * dilation + 1;
    const output = stride * (size - 1) + (more?.[i] ?? 0) + reach - begin - end;
    return { input: size, output, kernel: kernel[i]!, stride, dilation, begin };
  });
}

/** Place in the input that a tap sees at a place of the output; no whole number or outside: none. */
type Source = (axis: Axis, tap: number, place: number) => number;

/** Flat input place for each tap and output place, taps first; −1 for none. */
function windowIndex(axes: readonly Axis[], source: Source): Int32Array {
  let [taps, places, index] = [1, 1, Int32Array.of(0)];
  for (const axis of axes) {
    const [allTaps, allPlaces] = [taps * axis.kernel, places * axis.output];
    const next = new Int32Array(allTaps * allPlaces);
    for (let t = 0; t < allTaps; t++) {
      for (let p = 0; p < allPlaces; p++) {
        const outer = index[Math.floor(t / axis.kernel) * places + Math.floor(p / axis.output)]!;
        const inner = source(axis, t % axis.kernel, p % axis.output);
        const inside = outer >= 0 && Number.isInteger(inner) && inner >= 0 && inner < axis.input;
        next[t * allPlaces + p] = inside ? outer * axis.input + inner : -1;
      }
    }
    [taps, places, index] = [allTaps, allPlaces, next];
  }
  return index;
}

/** What every tap sees at every place: [N, C, taps · places]. */
function gather(
  b: GraphBuilder,
  x: Value,
  dims: readonly number[],
  { axes, source }: Windows,
): Value | undefined {
  const count = sizeOf(axes.map(({ kernel, output }) => kernel * output));
  const isWindow = axes.every(({ output }) => Number.isInteger(output) && output > 0);
  if (!isWindow || sizeOf(dims.slice(0, 2)) * count > maxGathered) return undefined;
  const size = sizeOf(dims.slice(2));
  const flat = reshape(b, x, [dims[0]!, dims[1]!, size]);
  const padded = b.op("Pad", [flat, b.int64s([0, 0, 0, 0, 0, 1])]);
  const index = windowIndex(axes, source).map((place) => place < 0 ? size : place);
  const places = b.constant(fromNumbers("int64", [index.length], index));
  return b.op("Gather", [padded, places], { axis: 2 });
}

interface Product {
  /** [group, outputs, taps] */
  readonly matrix: Value;
  readonly columns: Value;
  readonly group: number;
  readonly taps: number;
  readonly batch: number;
  readonly channels: number;
  readonly axes: readonly Axis[];
}

function product(b: GraphBuilder, node: Node, p: Product): Value {
  const output = p.axes.map((axis) => axis.output);
  const grouped = reshape(b, p.columns, [p.batch, p.group, p.taps, sizeOf(output)]);
  const y = reshape(b, b.op("MatMul", [p.matrix, grouped]), [p.batch, p.channels, ...output]);
  const bias = node.inputs[2];
  if (!bias) return y;
  return b.op("Add", [y, reshape(b, bias, [1, p.channels, ...output.map(() => 1)])]);
}
