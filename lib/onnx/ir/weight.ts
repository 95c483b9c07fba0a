/** Weights and tensors. A weight refers to bytes; a tensor holds its elements. @module */
import { tensorBytes, tensorFromBytes } from "../../tensor/bytes.ts";
import { sizeOf, type Tensor } from "../../tensor/tensor.ts";
import { bytesOfElements, isDType } from "./data_type.ts";
import type { Weight, WeightData } from "./model.ts";

/** Reads a range of a weight file; the library itself opens no files. */
export type ReadRange = (range: Extract<WeightData, { kind: "external" }>) => Uint8Array;

/**
 * A weight over the bytes of a tensor, without a copy.
 *
 * @example
 * ```ts
 * import { tensorFromWeight, weightFromTensor } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const tensor = { dtype: "float32", dims: [2], data: new Float32Array([1, 2]) } as const;
 * assertEquals(tensorFromWeight(weightFromTensor(tensor)), tensor);
 * ```
 */
export function weightFromTensor(t: Tensor): Weight {
  return { dtype: t.dtype, dims: t.dims, data: { kind: "inline", bytes: tensorBytes(t) } };
}

/**
 * The elements of a weight; a view where alignment allows.
 *
 * @throws {TypeError} If the weight lies in a file and no `read` is given, or holds elements of a type
 * that tensors do not have, such as int4 or texts.
 * @throws {RangeError} If the number of bytes does not fit the shape.
 *
 * @example
 * ```ts
 * import { GraphBuilder, tensorFromWeight } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * b.initializer("w", { dtype: "float32", dims: [2], data: new Float32Array([1, 2]) });
 * const weight = b.finish().graph.initializers.get("w")!;
 * assertEquals(tensorFromWeight(weight).data, new Float32Array([1, 2]));
 * ```
 */
export function tensorFromWeight(w: Weight, read?: ReadRange): Tensor {
  if (isDType(w.dtype)) return tensorFromBytes(w.dtype, w.dims, weightBytes(w, read));
  throw new TypeError(`Cannot read a weight of ${w.dtype}: tensors cannot hold such elements`);
}

function weightBytes({ data }: Weight, read: ReadRange | undefined): Uint8Array {
  if (data.kind === "inline") return data.bytes;
  if (data.kind === "text") throw new TypeError("Cannot read a weight of texts as bytes");
  if (read === undefined) {
    throw new TypeError(
      `Cannot read a weight in "${data.location}": it is stored in a file, and no reader is given`,
    );
  }
  return read(data);
}

/**
 * Size of a weight in bytes, as its type and shape say; of texts the bytes that are there.
 *
 * @example
 * ```ts
 * import { weightFromTensor, weightSize } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const weight = weightFromTensor({ dtype: "float32", dims: [2, 3], data: new Float32Array(6) });
 * assertEquals(weightSize(weight), 24);
 * ```
 */
export function weightSize({ dtype, dims, data }: Weight): number {
  if (dtype !== "string") return bytesOfElements(dtype, sizeOf(dims));
  return data.kind === "text" ? data.texts.reduce((sum, text) => sum + text.length, 0) : 0;
}

/** Bytes that a weight really has, wherever they are. */
export function storedBytes({ data }: Weight): number {
  if (data.kind === "external") return data.length;
  if (data.kind === "inline") return data.bytes.length;
  return data.texts.reduce((sum, text) => sum + text.length, 0);
}
