/** TypeProto → ValueType. @module */
import { dtypeOfDataType } from "../ir/data_type.ts";
import { unknownDim } from "../ir/dim.ts";
import type { Dim, ValueType } from "../ir/model.ts";
import type { DimProto, TypeProto } from "./proto.ts";

/** A type; undefined for one that the IR does not have. */
export function decodeType(proto: TypeProto): ValueType | undefined {
  const { tensorType, sequenceType, optionalType } = proto;
  if (tensorType !== undefined) return decodeTensorType(tensorType);
  const container = sequenceType ?? optionalType;
  if (container?.elemType === undefined) return undefined;
  const element = decodeType(container.elemType);
  return element && { kind: sequenceType ? "sequence" : "optional", element };
}

function decodeTensorType(proto: NonNullable<TypeProto["tensorType"]>): ValueType | undefined {
  if (!proto.elemType) return { kind: "unknown" };
  const dtype = dtypeOfDataType(proto.elemType);
  if (dtype === undefined) return undefined;
  if (proto.shape === undefined) return { kind: "tensor", dtype };
  return { kind: "tensor", dtype, dims: (proto.shape.dim ?? []).map(decodeDim) };
}

function decodeDim(proto: DimProto): Dim {
  const size = proto.dimValue;
  if (size !== undefined && size >= 0 && Number.isSafeInteger(size)) return size;
  // A name without a letter, such as "?" or "-1", says nothing: two of them need not be one size.
  return /[\p{L}_]/u.test(proto.dimParam ?? "") ? proto.dimParam! : unknownDim();
}
