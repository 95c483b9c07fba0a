/** IR → model file. @module */
import { dataTypeOf } from "../ir/data_type.ts";
import type {
  Attribute,
  Dim,
  FunctionDef,
  Graph,
  Model,
  Node,
  ValueInfo,
  ValueType,
  Weight,
} from "../ir/model.ts";
import {
  type AttributeProto,
  type DimProto,
  type EntryProto,
  type FunctionProto,
  type GraphProto,
  type ModelProto,
  modelTable,
  type NodeProto,
  type OpsetProto,
  type TensorProto,
  type TypeProto,
  type ValueInfoProto,
} from "./proto.ts";
import { writeMessage } from "./proto_writer.ts";

const text = new TextEncoder();

/**
 * Encodes a model as an ONNX file. External data stay references, relative to the folder in which
 * the caller puts the file; inline weights are copied into the result.
 *
 * @throws {TypeError} If an integer of the model is not whole, such as a size of 0.5.
 *
 * @example
 * ```ts
 * import { encodeModel, GraphBuilder } from "@tvp/pipeline/onnx";
 *
 * const b = new GraphBuilder();
 * b.output(b.op("Neg", [b.input("x", "float32", ["n"])]), "y");
 * const path = await Deno.makeTempFile({ suffix: ".onnx" });
 * await Deno.writeFile(path, encodeModel(b.finish()));
 * await Deno.remove(path);
 * ```
 */
export function encodeModel(model: Model): Uint8Array {
  const proto: ModelProto = {
    irVersion: Math.max(model.irVersion, model.functions.length > 0 ? 8 : 4),
    producerName: "tvp",
    graph: encodeGraph(model.graph),
    opsetImport: encodeOpsets({ "": model.opset, ...model.domains }),
    metadataProps: encodeEntries(model.metadata),
    functions: model.functions.map(encodeFunction),
  };
  return writeMessage(modelTable, proto);
}

function encodeOpsets(opsets: Readonly<Record<string, number>>): OpsetProto[] {
  return Object.entries(opsets).map(([domain, version]) => ({ domain, version }));
}

function encodeEntries(entries: Readonly<Record<string, string>>): EntryProto[] {
  return Object.entries(entries).map(([key, value]) => ({ key, value }));
}

function encodeFunction(f: FunctionDef): FunctionProto {
  const defaults = encodeAttributes(f.attributeDefaults);
  return {
    ...splitOverload(f.name, "name"),
    domain: f.domain,
    input: [...f.inputs],
    output: [...f.outputs],
    attribute: f.attributes.filter((a) => !(a in f.attributeDefaults)),
    attributeProto: defaults,
    node: f.nodes.map(encodeNode),
    opsetImport: encodeOpsets(f.opsets),
  };
}

/** An overloaded function is named `name:overload` in the IR; two colons belong to a name, `aten::add`. */
function splitOverload<K extends string>(
  full: string,
  key: K,
): Record<K, string> & { overload?: string } {
  const [, name, overload] = /^(.*[^:]):([^:]+)$/s.exec(full) ?? [];
  const named = { [key]: name ?? full } as Record<K, string>;
  return overload === undefined ? named : { ...named, overload };
}

function encodeGraph(graph: Graph): GraphProto {
  const values = [...graph.values].map(([name, type]) => ({ name, type }));
  return {
    name: graph.name || "graph",
    node: graph.nodes.map(encodeNode),
    initializer: [...graph.initializers].map(([name, w]) => encodeWeight(w, name)),
    input: graph.inputs.map(encodeValueInfo),
    output: graph.outputs.map(encodeValueInfo),
    valueInfo: values.map(encodeValueInfo),
  };
}

function encodeNode(node: Node): NodeProto {
  return {
    input: node.inputs as string[],
    output: node.outputs as string[],
    ...(node.name === "" ? {} : { name: node.name }),
    ...splitOverload(node.opType, "opType"),
    attribute: encodeAttributes(node.attributes),
    ...(node.domain === "" ? {} : { domain: node.domain }),
  };
}

function encodeAttributes(attributes: Readonly<Record<string, Attribute>>): AttributeProto[] {
  return Object.entries(attributes).map(([name, a]) => ({ name, ...encodeAttribute(a) }));
}

type Encoders = {
  [T in Attribute["type"]]: (a: Extract<Attribute, { type: T }>) => AttributeProto;
};

const encoders: Encoders = {
  float: (a) => ({ type: 1, f: a.value }),
  int: (a) => ({ type: 2, i: a.value }),
  string: (a) => ({ type: 3, s: text.encode(a.value) }),
  tensor: (a) => ({ type: 4, t: encodeWeight(a.value) }),
  graph: (a) => ({ type: 5, g: encodeGraph(a.value) }),
  floats: (a) => ({ type: 6, floats: a.value as number[] }),
  ints: (a) => ({ type: 7, ints: a.value as number[] }),
  strings: (a) => ({ type: 8, strings: a.value.map((s) => text.encode(s)) }),
  tensors: (a) => ({ type: 9, tensors: a.value.map((w) => encodeWeight(w)) }),
  graphs: (a) => ({ type: 10, graphs: a.value.map(encodeGraph) }),
  type: (a) => ({ type: 13, tp: encodeType(a.value) }),
  ref: (a) => ({ type: a.refType, refAttrName: a.value }),
};

function encodeAttribute(a: Attribute): AttributeProto {
  return encoders[a.type](a as never);
}

function encodeWeight(w: Weight, name?: string): TensorProto {
  const proto: TensorProto = {
    dims: w.dims as number[],
    dataType: dataTypeOf[w.dtype],
    ...(name === undefined ? {} : { name }),
  };
  if (w.data.kind === "inline") return { ...proto, rawData: w.data.bytes };
  if (w.data.kind === "text") return { ...proto, stringData: [...w.data.texts] };
  const { location, offset, length } = w.data;
  const external = { location, offset: String(offset), length: String(length) };
  return { ...proto, dataLocation: 1, externalData: encodeEntries(external) };
}

function encodeValueInfo({ name, type }: ValueInfo): ValueInfoProto {
  return type.kind === "unknown" ? { name } : { name, type: encodeType(type) };
}

function encodeType(type: ValueType): TypeProto {
  if (type.kind === "unknown") return {};
  if (type.kind !== "tensor") {
    const container = { elemType: encodeType(type.element) };
    return type.kind === "sequence" ? { sequenceType: container } : { optionalType: container };
  }
  const elemType = dataTypeOf[type.dtype];
  if (type.dims === undefined) return { tensorType: { elemType } };
  return { tensorType: { elemType, shape: { dim: type.dims.map(encodeDim) } } };
}

/** Unknown dimensions are written as nothing: names would tie them together. */
function encodeDim(dim: Dim): DimProto {
  if (typeof dim === "number") return { dimValue: dim };
  return dim.includes("?") ? {} : { dimParam: dim };
}
