/** Images resampled along both axes by matrices that are drawn: resizes and shifts. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { axisMatrix, axisWeights } from "../../vision/resize.ts";

/** Shapes of the two matrices, out × in. */
export const axisInputs = ({ canvas }: { readonly canvas: number }) => ({
  rows: [canvas, canvas],
  columns: [canvas, canvas],
});

/** rows · pixels · columnsᵀ in every channel. */
export function resampled(
  b: GraphBuilder,
  pixels: Value,
  { rows, columns }: Readonly<Record<string, Value>>,
): Value {
  const transposed = b.op("Transpose", [columns!], { perm: [1, 0] });
  return b.op("MatMul", [b.op("MatMul", [rows!, pixels]), transposed]);
}

/** [S, S]: shows all of an axis at `size` pixels from `start` on, and zeros beside it. */
export function resizedAxis(canvas: number, size: number, start: number): Tensor<"float32"> {
  const matrix = new Float32Array(canvas * canvas);
  matrix.set(axisMatrix(axisWeights(canvas, size, "bilinear")), start * canvas);
  return tensor("float32", [canvas, canvas], matrix);
}

/** [S, S]: moves an axis by `by` pixels towards its end; zeros come in. */
export function shiftedAxis(canvas: number, by: number): Tensor<"float32"> {
  const matrix = new Float32Array(canvas * canvas);
  for (let to = Math.max(0, by); to < canvas + Math.min(0, by); to++) {
    matrix[to * canvas + to - by] = 1;
  }
  return tensor("float32", [canvas, canvas], matrix);
}
