/** Reads attributes of a node, with the default of the op's definition. @module */
import type { Node } from "../../onnx/ir/model.ts";

/** An integer attribute. */
export function intOf(node: Node, name: string, fallback: number): number {
  const attribute = node.attributes[name];
  return attribute?.type === "int" ? attribute.value : fallback;
}

/** A float attribute. */
export function floatOf(node: Node, name: string, fallback: number): number {
  const attribute = node.attributes[name];
  return attribute?.type === "float" || attribute?.type === "int" ? attribute.value : fallback;
}

/** A string attribute. */
export function stringOf(node: Node, name: string, fallback: string): string {
  const attribute = node.attributes[name];
  return attribute?.type === "string" ? attribute.value : fallback;
}

/** A list of integers; `undefined` if the node does not have it. */
export function intsOf(node: Node, name: string): readonly number[] | undefined {
  const attribute = node.attributes[name];
  return attribute?.type === "ints" ? attribute.value : undefined;
}
