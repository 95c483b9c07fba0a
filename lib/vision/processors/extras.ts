/** Makes the tensors that processors give besides pixels. @module */
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { sizeOf, type Tensor, tensor } from "../../tensor/tensor.ts";

/** A tensor of one value. */
export function filled(dtype: DType, dims: readonly number[], value: number): Tensor {
  const data = new dtypes[dtype].array(sizeOf(dims));
  data.fill(value as never);
  return { dtype, dims, data } as Tensor;
}

/** An int64 tensor of one image, [1, values]. */
export function rowOf(...values: readonly number[]): Tensor<"int64"> {
  return rowsOf([values]);
}

/** An int64 tensor of rows of equal length. */
export function rowsOf(rows: readonly (readonly number[])[]): Tensor<"int64"> {
  return tensor(
    "int64",
    [rows.length, rows[0]?.length ?? 0],
    BigInt64Array.from(rows.flat(), BigInt),
  );
}

/** 1 for real patches of each tile, then 0: int64 [tiles, most]. */
export function patchMask(counts: readonly number[], most: number): Tensor<"int64"> {
  return rowsOf(counts.map((count) => Array.from({ length: most }, (_, i) => i < count ? 1 : 0)));
}
