/** SparseTensorProto → Weight: the tensor written out, as runtimes do when they load it. @module */
import { toNumbers } from "../../tensor/convert.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { bytesOfElements, type ElementType, isDType } from "../ir/data_type.ts";
import type { DecodeContext } from "./decode_context.ts";
import { OnnxDecodeError } from "./decode_error.ts";
import { decodeWeight, isShape } from "./decode_weight.ts";
import type { Weight } from "../ir/model.ts";
import type { SparseTensorProto } from "./proto.ts";
import { tensorFromWeight } from "../ir/weight.ts";

/**
 * The dense tensor that a sparse one represents; elements that are not given are 0.
 *
 * @throws {OnnxDecodeError} If values and indices do not fit the shape, or it is too large.
 */
export function decodeSparse(
  proto: SparseTensorProto,
  context: DecodeContext,
  place: string,
): Weight {
  const name = proto.values?.name;
  const label = name ? `sparse tensor "${name}"` : `a sparse tensor of ${place}`;
  const wrong = (cause: string) => new OnnxDecodeError(`Cannot decode ${label}: ${cause}`);
  const dims = proto.dims ?? [];
  if (!isShape(dims)) throw wrong(`[${dims.slice(0, 16)}] is not a shape`);
  const values = decodeWeight(proto.values ?? {}, context.directory, `${label}'s values`);
  const places = placesOf(proto, dims, context, label);
  if (values.data.kind !== "inline" || !isWhole(values.dtype)) {
    throw wrong(`its ${values.dtype} values cannot be written out`);
  }
  const width = bytesOfElements(values.dtype, 1);
  const given = values.data.bytes.length / width;
  if (places.length !== given) throw wrong(`it has ${given} values at ${places.length} places`);
  context.unfold(sizeOf(dims) * width, label);
  const bytes = new Uint8Array(sizeOf(dims) * width);
  for (const [i, at] of places.entries()) {
    if (!(at >= 0 && at < sizeOf(dims))) {
      throw wrong(`an index lies outside of its shape [${dims}]`);
    }
    bytes.set(values.data.bytes.subarray(i * width, (i + 1) * width), at * width);
  }
  return { dtype: values.dtype, dims, data: { kind: "inline", bytes } };
}

function isWhole(dtype: ElementType): dtype is Exclude<ElementType, "string"> {
  return dtype !== "string" &&
    (isDType(dtype) || bytesOfElements(dtype, 2) === 2 * bytesOfElements(dtype, 1));
}

/** Position of each value in row-major order: given as such, or as an index along each axis. */
function placesOf(
  proto: SparseTensorProto,
  dims: readonly number[],
  context: DecodeContext,
  label: string,
): readonly number[] {
  const indices = decodeWeight(proto.indices ?? {}, context.directory, `${label}'s indices`);
  if (indices.dtype !== "int64" || indices.data.kind !== "inline") {
    throw new OnnxDecodeError(
      `Cannot decode ${label}: its indices are not an int64 tensor in the file`,
    );
  }
  const numbers = Array.from(toNumbers(tensorFromWeight(indices)));
  if (indices.dims.length < 2) return numbers;
  const rank = dims.length;
  if (indices.dims.length > 2 || indices.dims[1] !== rank) {
    throw new OnnxDecodeError(
      `Cannot decode ${label}: its indices have shape [${indices.dims}], its shape has ${rank} axes`,
    );
  }
  return Array.from({ length: indices.dims[0]! }, (_, i) => {
    const index = numbers.slice(i * rank, (i + 1) * rank);
    const inside = index.every((at, axis) => at >= 0 && at < dims[axis]!);
    return inside ? index.reduce((at, next, axis) => at * dims[axis]! + next, 0) : -1;
  });
}
