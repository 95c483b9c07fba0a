/** NodeProto and AttributeProto → Node and Attribute. @module */
import type { DecodeContext } from "./decode_context.ts";
import { OnnxDecodeError } from "./decode_error.ts";
import { decodeSparse } from "./decode_sparse.ts";
import { decodeType } from "./decode_type.ts";
import { decodeWeight } from "./decode_weight.ts";
import type { Attribute, Node } from "../ir/model.ts";
import type { AttributeProto, NodeProto } from "./proto.ts";

const text = new TextDecoder();

/** Decodes nodes with their attributes and subgraphs. */
export function decodeNodes(protos: readonly NodeProto[], context: DecodeContext): Node[] {
  return protos.map((proto) => {
    const name = proto.name ?? "";
    const opType = proto.opType ?? "";
    return {
      name,
      opType: proto.overload ? `${opType}:${proto.overload}` : opType,
      domain: proto.domain === undefined || proto.domain === "ai.onnx" ? "" : proto.domain,
      inputs: proto.input ?? [],
      outputs: proto.output ?? [],
      attributes: decodeAttributes(proto.attribute ?? [], context, `${opType} node "${name}"`),
    };
  });
}

/**
 * Decodes attributes by name; `place` names their owner in messages.
 *
 * @throws {OnnxDecodeError} If two attributes have one name.
 */
export function decodeAttributes(
  protos: readonly AttributeProto[],
  context: DecodeContext,
  place: string,
): Record<string, Attribute> {
  const attributes: Record<string, Attribute> = {};
  for (const proto of protos) {
    const name = proto.name ?? "";
    if (Object.hasOwn(attributes, name)) {
      throw new OnnxDecodeError(`Cannot decode ${place}: it has two attributes "${name}"`);
    }
    attributes[written(proto)] = decodeAttribute(proto, context, place);
  }
  return attributes;
}

/** A sparse constant is written out, and so becomes the attribute that holds dense ones. */
function written({ name = "", type }: AttributeProto): string {
  return type === 11 && name === "sparse_value" ? "value" : name;
}

type Decode = (proto: AttributeProto, context: DecodeContext, place: string) => Attribute;

/** By AttributeProto.type. A field that is not written has its default. */
const decoders: Readonly<Record<number, Decode>> = {
  1: (p) => ({ type: "float", value: p.f ?? 0 }),
  2: (p) => ({ type: "int", value: p.i ?? 0 }),
  3: (p) => ({ type: "string", value: text.decode(p.s) }),
  4: (p, { directory }, place) => ({
    type: "tensor",
    value: decodeWeight(p.t ?? {}, directory, place),
  }),
  5: (p, context) => ({ type: "graph", value: context.decodeGraph(p.g ?? {}, context) }),
  6: (p) => ({ type: "floats", value: p.floats ?? [] }),
  7: (p) => ({ type: "ints", value: p.ints ?? [] }),
  8: (p) => ({ type: "strings", value: (p.strings ?? []).map((s) => text.decode(s)) }),
  9: (p, { directory }, place) => ({
    type: "tensors",
    value: (p.tensors ?? []).map((t) => decodeWeight(t, directory, place)),
  }),
  10: (p, context) => ({
    type: "graphs",
    value: (p.graphs ?? []).map((g) => context.decodeGraph(g, context)),
  }),
  11: (p, context, place) => ({
    type: "tensor",
    value: decodeSparse(p.sparseTensor ?? {}, context, place),
  }),
  13: (p) => ({ type: "type", value: decodeType(p.tp ?? {}) ?? { kind: "unknown" } }),
};

function decodeAttribute(
  proto: AttributeProto,
  context: DecodeContext,
  place: string,
): Attribute {
  const number = proto.type ?? guessType(proto);
  if (proto.refAttrName) return { type: "ref", value: proto.refAttrName, refType: number };
  const decode = decoders[number];
  if (decode === undefined) {
    throw new OnnxDecodeError(
      `Cannot decode attribute "${proto.name}" of ${place}: attribute type ${number} is not supported`,
    );
  }
  return decode(proto, context, place);
}

/** Old files leave the type out: the field that is there says it. */
function guessType(proto: AttributeProto): number {
  const fields = ["f", "i", "s", "t", "g", "floats", "ints", "strings", "tensors", "graphs"];
  return 1 + fields.findIndex((field) => field in proto);
}
