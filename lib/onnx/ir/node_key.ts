/** Makes keys that are the same for equal nodes and for equal small weights. @module */
import type { Attribute, Node, Weight } from "./model.ts";

const weightKeyLimit = 4096;

/** A key of a weight's type and bytes; undefined for one in a file or a large one. */
export function weightKey(weight: Weight): string | undefined {
  if (weight.data.kind !== "inline" || weight.data.bytes.length > weightKeyLimit) return undefined;
  let bytes = "";
  for (const byte of weight.data.bytes) bytes += String.fromCharCode(byte);
  return `${weight.dtype}[${weight.dims}]${bytes}`;
}

/** A key of what a node computes; undefined if it has subgraphs or large tensors. */
export function nodeKey(node: Node): string | undefined {
  const names = Object.keys(node.attributes).sort();
  let key = `${node.domain}.${node.opType}(${JSON.stringify(node.inputs)})`;
  for (const name of names) {
    const attribute = attributeKey(node.attributes[name]!);
    if (attribute === undefined) return undefined;
    key += `,${name}=${attribute}`;
  }
  return key;
}

function attributeKey(attribute: Attribute): string | undefined {
  if (attribute.type === "tensor") return weightKey(attribute.value);
  if (attribute.type === "float") return `float ${attribute.value}`;
  const plain = ["int", "string", "ints", "floats", "strings"].includes(attribute.type);
  return plain ? `${attribute.type} ${JSON.stringify(attribute.value)}` : undefined;
}
