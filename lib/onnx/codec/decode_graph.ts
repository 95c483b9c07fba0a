/** GraphProto → Graph. @module */
import { dataTypeName } from "../ir/data_type.ts";
import { OnnxDecodeError } from "./decode_error.ts";
import type { DecodeContext } from "./decode_context.ts";
import { decodeNodes } from "./decode_node.ts";
import { decodeSparse } from "./decode_sparse.ts";
import { decodeType } from "./decode_type.ts";
import { decodeWeight } from "./decode_weight.ts";
import type { Graph, ValueInfo, ValueType, Weight } from "../ir/model.ts";
import { sortNodes } from "../passes/sort_nodes.ts";
import type { GraphProto, TypeProto, ValueInfoProto } from "./proto.ts";

/** Options of {@linkcode decodeGraph}. */
export interface GraphOptions {
  /** Before IR version 4 every initializer was listed among the inputs too. */
  readonly dropInitializedInputs?: boolean;
}

/** Decodes a graph with its subgraphs. */
export function decodeGraph(
  proto: GraphProto,
  context: DecodeContext,
  options: GraphOptions = {},
): Graph {
  const name = proto.name ?? "";
  const initializers = decodeInitializers(proto, context);
  const inputs = (proto.input ?? []).filter((i) =>
    !(options.dropInitializedInputs && initializers.has(i.name ?? ""))
  );
  return {
    name,
    nodes: sortNodes(decodeNodes(proto.node ?? [], context)),
    inputs: inputs.map(decodeInterface),
    outputs: (proto.output ?? []).map(decodeOutput),
    initializers,
    values: decodeValues(proto.valueInfo ?? []),
  };
}

function decodeInitializers(proto: GraphProto, context: DecodeContext): Map<string, Weight> {
  const place = `graph "${proto.name ?? ""}"`;
  const initializers = new Map<string, Weight>();
  const add = (name = "", weight: Weight) => {
    if (!initializers.has(name)) return initializers.set(name, weight);
    throw new OnnxDecodeError(`Cannot decode ${place}: it has two initializers "${name}"`);
  };
  for (const tensor of proto.initializer ?? []) {
    add(tensor.name, decodeWeight(tensor, context.directory, place));
  }
  for (const sparse of proto.sparseInitializer ?? []) {
    add(sparse.values?.name, decodeSparse(sparse, context, place));
  }
  return initializers;
}

/** An output of a type that the IR does not have, such as a map, is left to the node that makes it. */
function decodeOutput(proto: ValueInfoProto): ValueInfo {
  const type = proto.type && decodeType(proto.type);
  return { name: proto.name ?? "", type: type ?? { kind: "unknown" } };
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

/** Types of inner values are only hints, so those that the IR does not have are left out. */
function decodeValues(protos: readonly ValueInfoProto[]): Map<string, ValueType> {
  const values = new Map<string, ValueType>();
  for (const proto of protos) {
    const type = proto.type && decodeType(proto.type);
    if (type !== undefined && type.kind !== "unknown") values.set(proto.name ?? "", type);
  }
  return values;
}

function typeName(proto: TypeProto | undefined): string {
  const number = proto?.tensorType?.elemType;
  return number === undefined ? "neither tensor, sequence nor optional" : dataTypeName(number);
}
