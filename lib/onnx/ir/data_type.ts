/** The element types of TensorProto by number. @module */
import { type DType, dtypes } from "../../tensor/dtype.ts";

/** Bits of an element of the types that tensors of this library do not have: they are kept as bytes. */
const storageBits = {
  int2: 2,
  uint2: 2,
  int4: 4,
  uint4: 4,
  float4e2m1: 4,
  float8e4m3fn: 8,
  float8e4m3fnuz: 8,
  float8e5m2: 8,
  float8e5m2fnuz: 8,
  float8e8m0: 8,
  complex64: 64,
  complex128: 128,
} as const;

/** An element type of which the bytes are kept, and no element is read. */
export type StorageType = keyof typeof storageBits;

/** Element type of a tensor value. */
export type ElementType = DType | StorageType | "string";

/** Number of each element type in TensorProto.DataType. */
export const dataTypeOf: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  complex64: 14,
  complex128: 15,
  bfloat16: 16,
  float8e4m3fn: 17,
  float8e4m3fnuz: 18,
  float8e5m2: 19,
  float8e5m2fnuz: 20,
  uint4: 21,
  int4: 22,
  float4e2m1: 23,
  float8e8m0: 24,
  uint2: 25,
  int2: 26,
};

const byNumber = new Map(
  Object.entries(dataTypeOf).map(([name, number]) => [number, name as ElementType]),
);

/** Element type with this number, or undefined if ONNX has no such type. */
export function dtypeOfDataType(number: number): ElementType | undefined {
  return byNumber.get(number);
}

/** Name of an element type for messages, known to the IR or not. */
export function dataTypeName(number: number): string {
  return byNumber.get(number) ?? `number ${number}`;
}

/** Whether tensors of this library can hold elements of this type. */
export function isDType(type: ElementType | undefined): type is DType {
  return type !== undefined && Object.hasOwn(dtypes, type);
}

/** Whether elements are floats that one computes with: no packed ones. */
export function isFloatType(type: ElementType): boolean {
  return isDType(type) && dtypes[type].float;
}

/** Bytes that a number of elements takes; small ones lie close together, the last byte is filled up. */
export function bytesOfElements(type: Exclude<ElementType, "string">, count: number): number {
  return isDType(type) ? count * dtypes[type].bytes : Math.ceil(count * storageBits[type] / 8);
}
