/** Fills a small batch up with its first row: a graph has one fixed batch size. @module */
import { type Tensor, tensor } from "../tensor/tensor.ts";

/** Repeats the first row until there are `batch`. @throws {RangeError} If there are none or too many. */
export function fillRows<T>(rows: readonly T[], batch: number): readonly T[] {
  if (rows.length === 0 || rows.length > batch) {
    throw new RangeError(`Cannot run ${rows.length} rows: a batch has 1 to ${batch}`);
  }
  return Array.from({ length: batch }, (_, i) => rows[i < rows.length ? i : 0]!);
}

/** Repeats the first image until there are `batch`. */
export function fillBatch(pixels: Tensor, batch: number): Tensor {
  const count = pixels.dims[0]!;
  if (count === batch) return pixels;
  const size = pixels.data.length / count;
  const data = new Float32Array(batch * size);
  data.set(pixels.data as Float32Array);
  for (let i = count; i < batch; i++) data.set(data.subarray(0, size), i * size);
  return tensor("float32", [batch, ...pixels.dims.slice(1)], data);
}

/** Images `from` to `to` of a batch, without a copy. */
export function images(pixels: Tensor, from: number, to: number): Tensor<"float32"> {
  const [count, ...dims] = pixels.dims as [number, ...number[]];
  if (from === 0 && to === count) return pixels as Tensor<"float32">;
  const size = pixels.data.length / count;
  const data = (pixels.data as Float32Array).subarray(from * size, to * size);
  return tensor("float32", [to - from, ...dims], data);
}
