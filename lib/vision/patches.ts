/** Images as rows of patches, as arrays and as nodes of a graph. @module */
import type { GraphBuilder, Value } from "../onnx/build/builder.ts";
import type { Layout } from "./image_plan.ts";
import type { ImageSize } from "./resize.ts";

/** The values of one image `[3, height, width]` in the order of its layout. */
export function arrangePatches(
  image: Float32Array,
  { height, width }: ImageSize,
  layout: Layout,
): Float32Array {
  if (layout.kind === "image" || layout.kind === "tiles") return image;
  const { side } = layout;
  const out = new Float32Array(
    layout.kind === "patch-rows" ? 3 * layout.most * side * side : layout.repeat * image.length,
  );
  const columns = Math.floor(width / side);
  const order = layout.kind === "patch-rows"
    ? rowOrder(columns)
    : blockOrder(columns, layout.merge);
  for (let row = 0; row < Math.floor(height / side); row++) {
    for (let column = 0; column < columns; column++) {
      const patch = { top: row * side, left: column * side, at: order(row, column) };
      if (layout.kind === "patch-rows") {
        copyInterleaved(image, out, patch, { side, width, height });
      } else copyPlanes(image, out, patch, { side, width, height, repeat: layout.repeat });
    }
  }
  return out;
}

interface Patch {
  readonly top: number;
  readonly left: number;
  /** Place among the patches. */
  readonly at: number;
}

const rowOrder = (columns: number) => (row: number, column: number) => row * columns + column;

const blockOrder = (columns: number, merge: number) => (row: number, column: number) => {
  const block = Math.floor(row / merge) * (columns / merge) + Math.floor(column / merge);
  return block * merge * merge + row % merge * merge + column % merge;
};

/** [side, side, 3] */
function copyInterleaved(
  image: Float32Array,
  out: Float32Array,
  { top, left, at }: Patch,
  { side, width, height }: ImageSize & { readonly side: number },
): void {
  let to = at * 3 * side * side;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      for (let channel = 0; channel < 3; channel++) {
        out[to++] = image[(channel * height + top + y) * width + left + x]!;
      }
    }
  }
}

/** [3, repeat, side, side] */
function copyPlanes(
  image: Float32Array,
  out: Float32Array,
  { top, left, at }: Patch,
  { side, width, height, repeat }: ImageSize & {
    readonly side: number;
    readonly repeat: number;
  },
): void {
  let to = at * 3 * repeat * side * side;
  for (let channel = 0; channel < 3; channel++) {
    for (let frame = 0; frame < repeat; frame++) {
      for (let y = 0; y < side; y++, to += side) {
        const from = (channel * height + top + y) * width + left;
        out.set(image.subarray(from, from + side), to);
      }
    }
  }
}

/** As {@linkcode arrangePatches}, for a value `[batch, 3, height, width]` of a graph. */
export function patchNodes(
  builder: GraphBuilder,
  image: Value,
  { height, width }: ImageSize,
  layout: Layout,
): Value {
  if (layout.kind === "image" || layout.kind === "tiles") return image;
  const { side } = layout;
  const [rows, columns] = [Math.floor(height / side), Math.floor(width / side)];
  const reshape = (value: Value, dims: readonly number[]) =>
    builder.op("Reshape", [value, builder.int64s(dims)]);
  if (layout.kind === "patch-rows") {
    const cut = reshape(image, [-1, 3, rows, side, columns, side]);
    const moved = builder.op("Transpose", [cut], { perm: [0, 2, 4, 3, 5, 1] });
    const flat = reshape(moved, [-1, rows * columns, 3 * side * side]);
    const missing = layout.most - rows * columns;
    return missing > 0 ? builder.op("Pad", [flat, builder.int64s([0, 0, 0, 0, missing, 0])]) : flat;
  }
  const { merge, repeat, planes = false } = layout;
  const cut = reshape(image, [-1, 3, rows / merge, merge, side, columns / merge, merge, side]);
  const moved = builder.op("Transpose", [cut], { perm: [0, 2, 5, 3, 6, 1, 4, 7] });
  const frames = reshape(moved, [-1, rows * columns, 3, 1, side * side]);
  const film = builder.op("Tile", [frames, builder.int64s([1, 1, 1, repeat, 1])]);
  const patch = planes ? [3 * repeat, side, side] : [3 * repeat * side * side];
  return reshape(film, [-1, rows * columns, ...patch]);
}
