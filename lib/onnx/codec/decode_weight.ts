/** TensorProto → Weight: whatever field holds the elements, the result is little-endian bytes. @module */
import { tensorBytes } from "../../tensor/bytes.ts";
import { fromNumbers } from "../../tensor/convert.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import {
  bytesOfElements,
  dataTypeName,
  dtypeOfDataType,
  type ElementType,
  isDType,
} from "../ir/data_type.ts";
import { OnnxDecodeError } from "./decode_error.ts";
import type { Weight, WeightData } from "../ir/model.ts";
import type { TensorProto } from "./proto.ts";
import { byteCount, locationProblem } from "../ir/weight_location.ts";

type BytesType = Exclude<ElementType, "string">;

/** Names for messages. */
function label(proto: TensorProto, place: string): string {
  return proto.name ? `tensor "${proto.name}"` : `a tensor of ${place}`;
}

/**
 * The weight that a TensorProto describes.
 *
 * @param place Names the owner of a tensor without a name in messages.
 * @throws {OnnxDecodeError} If its data do not fit its type and shape, or lie where they must not.
 */
export function decodeWeight(proto: TensorProto, directory: string, place: string): Weight {
  const wrong = (cause: string) =>
    new OnnxDecodeError(`Cannot decode ${label(proto, place)}: ${cause}`);
  const dtype = dtypeOfDataType(proto.dataType ?? 0);
  if (dtype === undefined) {
    throw wrong(`its element type (${dataTypeName(proto.dataType ?? 0)}) is not one of ONNX's`);
  }
  const dims = proto.dims ?? [];
  if (!isShape(dims)) throw wrong(`[${dims.slice(0, 16)}] is not a shape`);
  if (dtype === "string") return { dtype, dims, data: textsOf(proto, dims, wrong) };
  const length = bytesOfElements(dtype, sizeOf(dims));
  const said = `${dtype} of shape [${dims}] has ${length} bytes`;
  if (proto.dataLocation === 1) {
    return { dtype, dims, data: decodeExternal(proto, directory, length, said, wrong) };
  }
  const bytes = proto.rawData ?? typedBytes(proto, dtype);
  if (bytes.length !== length) throw wrong(`${said}, the file holds ${bytes.length}`);
  return { dtype, dims, data: { kind: "inline", bytes } };
}

/** More dimensions than any runtime knows, and more bytes than a number counts, are not a shape. */
export function isShape(dims: readonly number[]): boolean {
  return dims.length <= 256 && dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0) &&
    sizeOf(dims) <= Number.MAX_SAFE_INTEGER / 16;
}

type Wrong = (cause: string) => OnnxDecodeError;

function textsOf(proto: TensorProto, dims: readonly number[], wrong: Wrong): WeightData {
  const texts = proto.stringData ?? [];
  if (proto.dataLocation === 1) throw wrong("texts cannot be stored in a separate file");
  if (texts.length === sizeOf(dims)) return { kind: "text", texts };
  throw wrong(
    `string of shape [${dims}] has ${sizeOf(dims)} texts, the file holds ${texts.length}`,
  );
}

function decodeExternal(
  proto: TensorProto,
  directory: string,
  length: number,
  said: string,
  wrong: Wrong,
): WeightData {
  const entries = new Map(proto.externalData?.map((e) => [e.key ?? "", e.value ?? ""]));
  const location = entries.get("location");
  if (location === undefined) throw wrong("its data are in another file, but no location is given");
  const problem = locationProblem(location);
  if (problem !== undefined) throw wrong(`its location ${JSON.stringify(location)} ${problem}`);
  const count = (key: "offset" | "length", otherwise: number) => {
    const text = entries.get(key);
    const value = text === undefined ? otherwise : byteCount(text);
    if (value !== undefined) return value;
    throw wrong(
      `its ${key} in "${location}" is ${JSON.stringify(text)}, which is not a number of bytes`,
    );
  };
  const declared = count("length", length);
  if (declared !== length) throw wrong(`${said}, "${location}" is declared to hold ${declared}`);
  return { kind: "external", directory, location, offset: count("offset", 0), length };
}

/** Elements of the typed fields; narrow types, also the bits of 16-bit floats, lie in int32_data. */
function typedBytes(proto: TensorProto, dtype: BytesType): Uint8Array {
  const read = fields[dtype];
  if (read !== undefined) return bytesOf(read(proto));
  if (!isDType(dtype)) return Uint8Array.from(proto.int32Data ?? []);
  const numbers = proto.int32Data ?? [];
  return tensorBytes(fromNumbers(dtype, [numbers.length], numbers));
}

/** Types whose elements do not lie in int32_data as plain numbers. */
const fields: Partial<Record<BytesType, (proto: TensorProto) => ArrayBufferView>> = {
  int64: (p) => p.int64Data ?? new BigInt64Array(),
  uint64: (p) => p.uint64Data ?? new BigUint64Array(),
  uint32: (p) => Uint32Array.from(p.uint64Data ?? [], Number),
  float32: (p) => Float32Array.from(p.floatData ?? []),
  float64: (p) => Float64Array.from(p.doubleData ?? []),
  float16: (p) => Uint16Array.from(p.int32Data ?? []),
  bfloat16: (p) => Uint16Array.from(p.int32Data ?? []),
  complex64: (p) => Float32Array.from(p.floatData ?? []),
  complex128: (p) => Float64Array.from(p.doubleData ?? []),
};

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
