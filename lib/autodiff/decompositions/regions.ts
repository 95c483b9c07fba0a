/**
 * RoiAlign (He et al. 2017) as a weighted gather of four neighbours per point, DeformConv (Zhu et al.
 * 2019) as samples of the image followed by a product.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { floatOf, intOf, intsOf, stringOf } from "../engine/attributes.ts";
import { joinShape, reshape, type ShapePart, sizePart } from "../engine/dynamic_shape.ts";
import {
  add,
  castLike,
  castTo,
  constantLike,
  div,
  mul,
  range,
  reduceSum,
  scale,
  sub,
} from "../engine/expressions.ts";
import { refuse } from "../engine/refuse.ts";
import type { Decomposition, Decompositions } from "../engine/rule.ts";
import { positions } from "./attention_core.ts";

/** Points of one axis: two neighbours and their weights, 0 outside the image; [R, P] each. */
interface Line {
  readonly low: Value;
  readonly high: Value;
  readonly below: Value;
  readonly above: Value;
}

/** The mean over `ratio`² points in each cell of each region. */
const roiAlign: Decomposition = (node, b) => {
  const [x, regions, batch] = node.inputs as [Value, Value, Value];
  const ratio = intOf(node, "sampling_ratio", 0);
  const note = "Export the model with a sampling_ratio and with the mode avg";
  refuse(node, ratio === 0, "its number of samples depends on the region", note);
  refuse(node, stringOf(node, "mode", "avg") !== "avg", "its mode is max", note);
  const cells = [intOf(node, "output_height", 1), intOf(node, "output_width", 1)] as const;
  const [rows, columns] = [line(b, node, regions, x, 0), line(b, node, regions, x, 1)];
  const height = vector(b, sizePart(b, x, 2));
  const width = vector(b, sizePart(b, x, 3));
  const first = column(b, mul(b, castTo(b, batch, "int64"), mul(b, height, width)), 2);
  const table = reshape(b, b.op("Transpose", [x], { perm: [0, 2, 3, 1] }), [-1, sizePart(b, x, 1)]);
  const corners = [[rows.low, rows.below], [rows.high, rows.above]].flatMap(([y, weightY]) =>
    [[columns.low, columns.below], [columns.high, columns.above]].map(([z, weightX]) => {
      const index = add(b, add(b, column(b, mul(b, y!, width), 1), row(b, z!)), first);
      const weight = mul(b, column(b, weightY!, 1), row(b, weightX!));
      return mul(b, b.op("Gather", [table, index], { axis: 0 }), column(b, weight, 1));
    })
  );
  // [R, H · ratio, W · ratio, C] → the means of the cells
  const points = b.op("Sum", corners);
  const split = reshape(b, points, [-1, cells[0], ratio, cells[1], ratio, sizePart(b, x, 1)]);
  const means = scale(b, reduceSum(b, split, [2, 4], false), 1 / (ratio * ratio));
  return [b.op("Transpose", [means], { perm: [0, 3, 1, 2] })];
};

/** The rows (axis 0) or columns (axis 1) of a region's points. */
function line(b: GraphBuilder, node: Node, regions: Value, x: Value, axis: 0 | 1): Line {
  const count = intOf(node, axis === 0 ? "output_height" : "output_width", 1);
  const ratio = intOf(node, "sampling_ratio", 0);
  const half = stringOf(node, "coordinate_transformation_mode", "half_pixel") === "half_pixel";
  const side = (index: number) => {
    const edge = b.op("Gather", [regions, b.int64s([index])], { axis: 1 });
    const scaled = scale(b, edge, floatOf(node, "spatial_scale", 1));
    return half ? sub(b, scaled, constantLike(b, scaled, 0.5)) : scaled;
  };
  const [start, end] = [side(1 - axis), side(3 - axis)];
  const extent = sub(b, end, start);
  // Without the half pixel, regions have at least one pixel.
  const length = half ? extent : b.op("Max", [extent, constantLike(b, extent, 1)]);
  const steps = castLike(b, positions(b, count * ratio), length);
  const places = scale(b, add(b, steps, constantLike(b, steps, 0.5)), 1 / (count * ratio));
  return neighbours(b, add(b, start, mul(b, length, places)), sizePart(b, x, axis + 2));
}

/** Points up to a pixel outside count as on the border, those further out as 0. */
function neighbours(b: GraphBuilder, at: Value, count: ShapePart): Line {
  const size = castLike(b, vector(b, count), at);
  const [zero, one] = [constantLike(b, at, 0), constantLike(b, at, 1)];
  const last = sub(b, size, one);
  const inside = castLike(
    b,
    b.op("And", [
      b.op("GreaterOrEqual", [at, constantLike(b, at, -1)]),
      b.op("LessOrEqual", [at, size]),
    ]),
    at,
  );
  const place = b.op("Min", [b.op("Max", [at, zero]), last]);
  const low = b.op("Floor", [place]);
  const above = sub(b, place, low);
  const integer = (value: Value) => castTo(b, value, "int64");
  return {
    low: integer(low),
    high: integer(b.op("Min", [add(b, low, one), last])),
    below: mul(b, sub(b, one, above), inside),
    above: mul(b, above, inside),
  };
}

/** [R, P] → [R, P, 1…] */
function column(b: GraphBuilder, x: Value, axes: number): Value {
  return b.op("Unsqueeze", [x, b.int64s(range(axes).map((i) => -1 - i))]);
}

/** [R, P] → [R, 1, P] */
function row(b: GraphBuilder, x: Value): Value {
  return b.op("Unsqueeze", [x, b.int64s([1])]);
}

function vector(b: GraphBuilder, part: ShapePart): Value {
  return typeof part === "number" ? b.int64s([part]) : part;
}

/** Each element of the kernel reads the image at a place of its own. */
const deformConv: Decomposition = (node, b) => {
  const [x, w, offset, bias, mask] = node.inputs as [Value, Value, Value, Value?, Value?];
  const kernel = intsOf(node, "kernel_shape") ?? b.dims(w)?.slice(2) as number[] | undefined;
  refuse(
    node,
    kernel?.length !== 2 || kernel.some((size) => typeof size !== "number"),
    "its kernel is not of two known sizes",
  );
  const groups = intOf(node, "offset_group", 1);
  const group = intOf(node, "group", 1);
  const [height, width] = [sizePart(b, offset, 2), sizePart(b, offset, 3)];
  const size = kernel![0]! * kernel![1]!;
  const channels = perGroup(b, sizePart(b, x, 1), groups);
  const planes = reshape(b, x, [-1, channels, sizePart(b, x, 2), sizePart(b, x, 3)]);
  const moves = reshape(b, offset, [-1, size, 2, height, width]);
  const grid = b.op(
    "Concat",
    [1, 0].map((axis) => places(b, node, { x, moves, kernel: kernel!, axis })),
    { axis: -1 },
  );
  // Both the image's groups and the kernel's elements count as batch and height of the samples.
  const flat = b.op("Reshape", [grid, joinShape(b, [0, -1, width, 2])]);
  const samples = b.op("GridSample", [planes, flat], {
    mode: b.opset < 20 ? "bilinear" : "linear",
  });
  const cells = reshape(b, samples, [-1, groups, channels, size, height, width]);
  const weights = mask && reshape(b, mask, [-1, groups, 1, size, height, width]);
  const weighted = weights ? mul(b, cells, weights) : cells;
  const inner = sizePart(b, w, 1);
  const depth = typeof inner === "number" ? inner * size : b.op("Mul", [inner, b.int64s([size])]);
  const rows = reshape(b, weighted, [sizePart(b, x, 0), group, depth, -1]);
  const kernels = reshape(b, w, [1, group, -1, depth]);
  const sums = b.op("MatMul", [kernels, rows]);
  const y = reshape(b, sums, [sizePart(b, x, 0), sizePart(b, w, 0), height, width]);
  return [bias ? add(b, y, b.op("Reshape", [bias, b.int64s([-1, 1, 1])])) : y];
};

function perGroup(b: GraphBuilder, channels: ShapePart, groups: number): ShapePart {
  return typeof channels === "number"
    ? channels / groups
    : b.op("Div", [channels, b.int64s([groups])]);
}

interface Moves {
  readonly x: Value;
  /** [N · groups, kernel elements, 2, H, W]: rows, then columns. */
  readonly moves: Value;
  readonly kernel: readonly number[];
  readonly axis: number;
}

/** Coordinates of one axis as GridSample counts them: [N · groups, elements, H, W, 1]. */
function places(b: GraphBuilder, node: Node, { x, moves, kernel, axis }: Moves): Value {
  const of = (name: string, fallback: number) => intsOf(node, name)?.[axis] ?? fallback;
  const count = sizePart(b, moves, 3 + axis);
  const steps = scale(b, castLike(b, positions(b, count), moves), of("strides", 1));
  const origin = sub(b, steps, constantLike(b, steps, of("pads", 0)));
  const shape = axis === 0 ? [-1, 1] : [1, -1];
  const base = b.op("Reshape", [origin, b.int64s(shape)]);
  const inner = range(kernel[0]! * kernel[1]!).map((i) =>
    (axis === 0 ? Math.floor(i / kernel[1]!) : i % kernel[1]!) * of("dilations", 1)
  );
  const taps = castLike(b, b.op("Reshape", [b.int64s(inner), b.int64s([-1, 1, 1])]), moves);
  const own = b.op("Squeeze", [
    b.op("Gather", [moves, b.int64s([axis])], { axis: 2 }),
    b.int64s([2]),
  ]);
  const at = add(b, own, add(b, base, taps));
  const size = castLike(b, vector(b, sizePart(b, x, 2 + axis)), at);
  const one = constantLike(b, at, 1);
  const normal = sub(b, div(b, add(b, scale(b, at, 2), one), size), one);
  return b.op("Unsqueeze", [normal, b.int64s([-1])]);
}

/** Decompositions of ops that read an image at places that are inputs. */
export const regionDecompositions = {
  RoiAlign: roiAlign,
  DeformConv: deformConv,
} satisfies Decompositions;
