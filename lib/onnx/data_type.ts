/** The element types of TensorProto by number. @module */
import type { DType } from "../tensor/dtype.ts";

/** Number of each element type in TensorProto.DataType. */
export const dataTypeOf: Readonly<Record<DType | "string", number>> = {
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
  bfloat16: 16,
};

const byNumber = new Map(
  Object.entries(dataTypeOf).map(([name, number]) => [number, name as DType | "string"]),
);

const unsupported: Readonly<Record<number, string>> = {
  0: "undefined",
  14: "complex64",
  15: "complex128",
  17: "float8e4m3fn",
  18: "float8e4m3fnuz",
  19: "float8e5m2",
  20: "float8e5m2fnuz",
  21: "uint4",
  22: "int4",
  23: "float4e2m1",
  24: "float8e8m0",
  25: "uint2",
  26: "int2",
};

/** Element type with this number, or undefined if the IR has no such type. */
export function dtypeOfDataType(number: number): DType | "string" | undefined {
  return byNumber.get(number);
}

/** Name of an element type for messages, known to the IR or not. */
export function dataTypeName(number: number): string {
  return byNumber.get(number) ?? unsupported[number] ?? `number ${number}`;
}
