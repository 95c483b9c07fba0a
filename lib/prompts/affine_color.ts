/**
 * The transformations of ACAVP (arXiv 2510.07823): the image is moved by an affine map, then its
 * colours by another, then δ is added. The paper names the steps; that the maps are free matrices,
 * and that they begin as "shrink to s, keep the colours", is our reading.
 *
 * - `affine` A [2, 3]: the output pixel at (x, y) ∈ [−1, 1]² shows the image at A·(x, y, 1)ᵀ,
 *   bilinear, zero outside. It begins as the scale S/s, so that the image has side s.
 * - `color` M [3, 4]: rgb ← M·(r, g, b, 1)ᵀ. It begins as the identity.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../onnx/build/builder.ts";
import { tensor } from "../tensor/tensor.ts";
import type { Canvas, PromptKind, Transformation } from "./prompt_kind.ts";

/** Centre of a pixel, from −1 to 1 over the edges of the canvas (`align_corners` = 0). */
const coordinate = (pixel: number, side: number) => (2 * pixel + 1) / side - 1;

/** (x, y, 1) of every pixel, [S · S, 3]. */
function basePoints(side: number): Float32Array {
  const points = new Float32Array(side * side * 3);
  for (let i = 0; i < side * side; i++) {
    const [x, y] = [i % side, Math.floor(i / side)];
    points.set([coordinate(x, side), coordinate(y, side), 1], 3 * i);
  }
  return points;
}

function build(
  builder: GraphBuilder,
  image: Value,
  { affine, color }: Readonly<Record<string, Value>>,
  { canvas }: Canvas,
): Value {
  const base = builder.constant(tensor("float32", [canvas * canvas, 3], basePoints(canvas)));
  const points = builder.op("MatMul", [base, builder.op("Transpose", [affine!], { perm: [1, 0] })]);
  const one = builder.op("Reshape", [points, builder.int64s([1, canvas, canvas, 2])]);
  const batch = builder.op("Shape", [image], { start: 0, end: 1 });
  const sizes = builder.op("Concat", [batch, builder.int64s([canvas, canvas, 2])], { axis: 0 });
  const grid = builder.op("Expand", [one, sizes]);
  const attributes = { mode: "bilinear", padding_mode: "zeros", align_corners: 0 };
  const moved = builder.op("GridSample", [image, grid], attributes);
  return recolor(builder, moved, color!);
}

/** M's first three columns times the channels, plus its last. */
function recolor(builder: GraphBuilder, image: Value, color: Value): Value {
  const sizes = builder.int64s([3, 1]);
  const [matrix, offset] = builder.node("Split", [color, sizes], {
    attributes: { axis: 1 },
    outputs: 2,
  }) as [Value, Value];
  const plane = builder.op("Reshape", [image, builder.int64s([0, 3, -1])]);
  const mixed = builder.op("Add", [builder.op("MatMul", [matrix, plane]), offset]);
  return builder.op("Reshape", [mixed, builder.op("Shape", [image])]);
}

/** Four neighbours of a point of the image, and their weights; a neighbour outside has none. */
function taps(u: number, v: number, side: number): readonly [number, number][] {
  const [x, y] = [(u + 1) * side / 2 - 0.5, (v + 1) * side / 2 - 0.5];
  const [left, top] = [Math.floor(x), Math.floor(y)];
  return [[0, 0], [0, 1], [1, 0], [1, 1]].flatMap(([dy, dx]) => {
    const [row, column] = [top + dy!, left + dx!];
    if (row < 0 || row >= side || column < 0 || column >= side) return [];
    const weight = (1 - Math.abs(y - row)) * (1 - Math.abs(x - column));
    return [[row * side + column, weight] as [number, number]];
  });
}

function apply(
  images: Float32Array,
  { affine, color }: Readonly<Record<string, Float32Array>>,
  { canvas }: Canvas,
): Float32Array {
  const plane = canvas * canvas;
  const out = new Float32Array(images.length);
  const [a, m] = [affine!, color!];
  for (let i = 0; i < plane; i++) {
    const x = coordinate(i % canvas, canvas);
    const y = coordinate(Math.floor(i / canvas), canvas);
    const near = taps(a[0]! * x + a[1]! * y + a[2]!, a[3]! * x + a[4]! * y + a[5]!, canvas);
    for (let start = 0; start < images.length; start += 3 * plane) {
      const rgb = [0, 1, 2].map((c) =>
        near.reduce((sum, [at, weight]) => sum + weight * images[start + c * plane + at]!, 0)
      );
      for (let c = 0; c < 3; c++) {
        out[start + c * plane + i] = m[4 * c]! * rgb[0]! + m[4 * c + 1]! * rgb[1]! +
          m[4 * c + 2]! * rgb[2]! + m[4 * c + 3]!;
      }
    }
  }
  return out;
}

const transformation: Transformation = {
  parameters: [
    {
      name: "affine",
      dims: [2, 3],
      initial: ({ canvas, image }) => [canvas / image, 0, 0, 0, canvas / image, 0],
    },
    { name: "color", dims: [3, 4], initial: () => [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] },
  ],
  build,
  apply,
};

/** Affine map, colours, and δ on the whole canvas. */
export const affineColor: PromptKind = {
  description: "the image moved by an affine map and recoloured, and the whole canvas",
  placement: "whole",
  covers: () => true,
  transformation,
};
