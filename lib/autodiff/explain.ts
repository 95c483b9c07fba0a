/** Rules take for granted that types are known; where they are not, that is what to say. @module */
import { type Diagnostic, DiagnosticError } from "../diagnostic/diagnostic.ts";
import type { GraphBuilder } from "../onnx/builder.ts";
import type { Node } from "../onnx/model.ts";

/**
 * Builds something for a node.
 *
 * @throws {DiagnosticError} If it fails because the type of a value is not known.
 */
export function explained<T>(node: Node, b: GraphBuilder, build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // Outputs of a node that is being rewritten are not there yet.
    const values = [...node.inputs, ...node.outputs.filter((name) => b.producer(name))];
    const unknown = values.flatMap((name) => openType(b, name));
    if (unknown.length === 0) throw error;
    throw new DiagnosticError([explanation(node, unknown[0]!)]);
  }
}

/** One diagnostic per value whose element type is not known, though gradients begin or end there. */
export function unknownTypes(b: GraphBuilder, names: readonly string[]): Diagnostic[] {
  return names.filter((name) => b.valueType(name) === undefined).map((name) => ({
    code: "unknown-type",
    severity: "error",
    message: `Cannot differentiate: the type of "${name}" is unknown`,
    notes: [
      "Declare its type, or that of the values it is made of (value_info); ops of other domains have none",
    ],
  }));
}

/** What is not known of a value. */
function openType(b: GraphBuilder, name: string): string[] {
  if (name === "" || b.valueType(name)?.kind === "sequence") return [];
  if (b.type(name) === undefined) return [`the type of "${name}"`];
  return b.rank(name) === undefined ? [`the rank of "${name}"`] : [];
}

function explanation(node: Node, what: string): Diagnostic {
  return {
    code: "unknown-type",
    severity: "error",
    message: `Cannot differentiate node "${
      node.name || node.outputs[0]
    }" (${node.opType}): ${what} is unknown`,
    notes: [
      "Declare the shapes of the model's inputs (names of dimensions are enough), or that of this value",
      "Give the sizes of named dimensions: `dims`, `tvp grad --fix NAME=SIZE`",
    ],
  };
}
