/** Defines how an operation is computed in float64. @module */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Node } from "../../onnx/ir/model.ts";

/** Values instead of a node's outputs, or `undefined` where sizes are not known. */
export type Float64Form = (node: Node, b: GraphBuilder) => readonly Value[] | undefined;
