/** TensorProto → Weight: whatever field holds the elements, the result is little-endian bytes. @module */
import { tensorBytes } from "../tensor/bytes.ts";
import { type DType, dtypes } from "../tensor/dtype.ts";
import { fromNumbers } from "../tensor/convert.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { dataTypeName, dtypeOfDataType } from "./data_type.ts";
import { OnnxDecodeError } from "./decode_error.ts";
import type { Weight, WeightData } from "./model.ts";
import type { TensorProto } from "./proto.ts";

/** Names for messages. */
function label(proto: TensorProto, place: string): string {
  return proto.name ? `tensor "${proto.name}"` : `a tensor of ${place}`;
}

/**
 * The weight that a TensorProto describes.
 *
 * @throws {OnnxDecodeError} If its type is none of the IR's, or its data do not fit its shape.
 */
export function decodeWeight(proto: TensorProto, directory: string, place: string): Weight {
  const dtype = decodeDType(proto, place);
  const dims = proto.dims ?? [];
  if (proto.dataLocation === 1) {
    return { dtype, dims, data: decodeExternal(proto, dtype, dims, directory, place) };
  }
  const bytes = proto.rawData ?? typedBytes(proto, dtype, dims);
  const expected = sizeOf(dims) * dtypes[dtype].bytes;
  if (bytes.length !== expected) {
    throw new OnnxDecodeError(
      `Cannot decode ${
        label(proto, place)
      }: ${dtype} of shape [${dims}] has ${expected} bytes, the file holds ${bytes.length}`,
    );
  }
  return { dtype, dims, data: { kind: "inline", bytes } };
}

function decodeDType(proto: TensorProto, place: string): DType {
  const number = proto.dataType ?? 0;
  const dtype = dtypeOfDataType(number);
  if (dtype === undefined || dtype === "string") {
    throw new OnnxDecodeError(
      `Cannot decode ${label(proto, place)}: element type ${
        dataTypeName(number)
      } is not supported, supported are ${Object.keys(dtypes).join(", ")}`,
    );
  }
  return dtype;
}

function decodeExternal(
  proto: TensorProto,
  dtype: DType,
  dims: readonly number[],
  directory: string,
  place: string,
): WeightData {
  const entries = new Map(proto.externalData?.map((e) => [e.key ?? "", e.value ?? ""]));
  const location = entries.get("location");
  if (location === undefined) {
    throw new OnnxDecodeError(
      `Cannot decode ${label(proto, place)}: its data are external, but no location is given`,
    );
  }
  const length = sizeOf(dims) * dtypes[dtype].bytes;
  const declared = Number(entries.get("length") ?? length);
  if (declared !== length) {
    throw new OnnxDecodeError(
      `Cannot decode ${
        label(proto, place)
      }: ${dtype} of shape [${dims}] has ${length} bytes, "${location}" is said to hold ${declared}`,
    );
  }
  return {
    kind: "external",
    directory,
    location,
    offset: Number(entries.get("offset") ?? 0),
    length,
  };
}

/** Elements of the typed fields; narrow types, also the bits of 16-bit floats, lie in int32_data. */
function typedBytes(proto: TensorProto, dtype: DType, dims: readonly number[]): Uint8Array {
  if (dtype === "int64") return bytesOf(new BigInt64Array(proto.int64Data ?? []));
  if (dtype === "uint64") return bytesOf(new BigUint64Array(proto.uint64Data ?? []));
  if (dtype === "uint32") {
    return bytesOf(Uint32Array.from(proto.uint64Data ?? [], Number));
  }
  const numbers = numbersOf(proto, dtype);
  if (dtype === "float16" || dtype === "bfloat16") return bytesOf(Uint16Array.from(numbers));
  const shape = numbers.length === sizeOf(dims) ? dims : [numbers.length];
  return tensorBytes(fromNumbers(dtype, shape, numbers));
}

function numbersOf(proto: TensorProto, dtype: DType): readonly number[] {
  if (dtype === "float32") return proto.floatData ?? [];
  if (dtype === "float64") return proto.doubleData ?? [];
  return proto.int32Data ?? [];
}

function bytesOf(array: BigInt64Array | BigUint64Array | Uint32Array | Uint16Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
