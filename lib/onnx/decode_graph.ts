/** GraphProto → Graph. @module */
import { dataTypeName, dtypeOfDataType } from "./data_type.ts";
import { OnnxDecodeError } from "./decode_error.ts";
import { unknownDim } from "./dim.ts";
import { decodeNodes } from "./decode_node.ts";
import { decodeWeight } from "./decode_weight.ts";
import type { Dim, Graph, ValueInfo, ValueType } from "./model.ts";
import { sortNodes } from "./sort_nodes.ts";
import type { DimProto, GraphProto, TypeProto, ValueInfoProto } from "./proto.ts";

/** Options of {@linkcode decodeGraph}. */
export interface GraphOptions {
  readonly directory: string;
  /** Before IR version 4 every initializer was listed among the inputs too. */
  readonly dropInitializedInputs?: boolean;
}

/** Decodes a graph with its subgraphs. */
export function decodeGraph(proto: GraphProto, options: GraphOptions): Graph {
  const name = proto.name ?? "";
  if (proto.sparseInitializer !== undefined) {
    throw new OnnxDecodeError(
      `Cannot decode graph "${name}": sparse initializers are not supported, use dense ones`,
    );
  }
  const initializers = new Map(
    (proto.initializer ?? []).map((t) =>
      [t.name ?? "", decodeWeight(t, options.directory, `graph "${name}"`)] as const
    ),
  );
  const inputs = (proto.input ?? []).filter((i) =>
    !(options.dropInitializedInputs && initializers.has(i.name ?? ""))
  );
  return {
    name,
    nodes: sortNodes(decodeNodes(proto.node ?? [], options.directory)),
    inputs: inputs.map(decodeInterface),
    outputs: (proto.output ?? []).map(decodeInterface),
    initializers,
    values: decodeValues(proto.valueInfo ?? []),
  };
}

function decodeInterface(proto: ValueInfoProto): ValueInfo {
  const name = proto.name ?? "";
  const type = proto.type === undefined ? { kind: "unknown" as const } : decodeType(proto.type);
  if (type === undefined) {
    throw new OnnxDecodeError(
      `Cannot decode value "${name}": its type (${typeName(proto.type)}) is not supported`,
    );
  }
  return { name, type };
}

/** Types of inner values are only hints, so those that the IR has not are left out. */
function decodeValues(protos: readonly ValueInfoProto[]): Map<string, ValueType> {
  const values = new Map<string, ValueType>();
  for (const proto of protos) {
    const type = proto.type && decodeType(proto.type);
    if (type !== undefined && type.kind !== "unknown") values.set(proto.name ?? "", type);
  }
  return values;
}

function decodeType(proto: TypeProto): ValueType | undefined {
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
  if (proto.dimValue !== undefined && proto.dimValue >= 0) return proto.dimValue;
  return proto.dimParam || unknownDim();
}

function typeName(proto: TypeProto | undefined): string {
  const number = proto?.tensorType?.elemType;
  return number === undefined ? "neither tensor, sequence nor optional" : dataTypeName(number);
}
