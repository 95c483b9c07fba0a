/**
 * Turns a rule that failed on an unknown type into a message: rules take for granted that types
 * are known.
 *
 * @module
 */
import { type Diagnostic, DiagnosticError } from "../../diagnostic/diagnostic.ts";
import { BuildError, type GraphBuilder } from "../../onnx/build/builder.ts";
import { isFloatType } from "../../onnx/ir/data_type.ts";
import type { Node } from "../../onnx/ir/model.ts";
import { printType } from "../../onnx/ir/print.ts";

/**
 * Builds something for a node.
 *
 * @param isOwn Whether the rule is a user's, whose mistakes are theirs to see.
 * @throws {DiagnosticError} If it fails because the type of a value is not known, or because the node's
 * inputs cannot go together.
 */
export function explained<T>(node: Node, b: GraphBuilder, build: () => T, isOwn = false): T {
  try {
    return build();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    // Outputs of a node that is being rewritten are not there yet.
    const values = [...node.inputs, ...node.outputs.filter((name) => b.producer(name))];
    const unknown = values.flatMap((name) => openType(b, name));
    if (unknown.length === 0 && isOwn) throw error;
    throw new DiagnosticError([
      unknown.length > 0 ? explanation(node, unknown[0]!) : misfit(node, b, error),
    ]);
  }
}

/** One diagnostic per value at which gradients begin or end, though it holds no floats or is of no known type. */
export function unsuitableTypes(b: GraphBuilder, names: readonly string[]): Diagnostic[] {
  return names.flatMap((name): Diagnostic[] => {
    const type = b.valueType(name);
    if (type === undefined) return [unknownType(name)];
    if (type.kind === "tensor" && isFloatType(type.dtype)) return [];
    const message = `Cannot differentiate: "${name}" holds no floats, its type in the graph is ${
      printType(type)
    }`;
    return [{ code: "unknown-value", severity: "error", message }];
  });
}

function unknownType(name: string): Diagnostic {
  return {
    code: "unknown-type",
    severity: "error",
    message: `Cannot differentiate: the type of "${name}" is unknown`,
    notes: [
      "Declare its type, or the types of the values it is made from (value_info); ops of other domains have no inferred types",
    ],
  };
}

/** What is not known of a value. */
function openType(b: GraphBuilder, name: string): string[] {
  if (name === "" || b.valueType(name)?.kind === "sequence") return [];
  if (b.type(name) === undefined) return [`the type of "${name}"`];
  return b.rank(name) === undefined ? [`the rank of "${name}"`] : [];
}

/** Rules count on what the op's definition promises of its inputs; here it does not hold. */
function misfit(node: Node, b: GraphBuilder, error: Error): Diagnostic {
  const inputs = node.inputs.filter((name) => name !== "").map((name) => {
    const type = b.valueType(name);
    return `"${name}" ${type === undefined ? "of unknown type" : printType(type)}`;
  });
  return {
    code: "wrong-node",
    severity: "error",
    message: `Cannot differentiate node "${
      node.name || node.outputs[0]
    }" (${node.opType}): its inputs or attributes do not fit each other`,
    notes: [
      `Inputs: ${inputs.join(", ") || "none"}`,
      ...(error instanceof BuildError ? [`The rule says: ${error.message}`] : []),
    ],
  };
}

/** What to do where a gradient needs sizes that the model leaves open. */
export const sizesNote = "Give the sizes of free dimensions: `dims`, `tvp grad --fix NAME=SIZE`, " +
  "or `--fix INPUT[AXIS]=SIZE` where one has no name";

function explanation(node: Node, what: string): Diagnostic {
  return {
    code: "unknown-type",
    severity: "error",
    message: `Cannot differentiate node "${
      node.name || node.outputs[0]
    }" (${node.opType}): ${what} is unknown`,
    notes: [
      "Declare the shapes of the model's inputs (names of dimensions are enough), or that of this value",
      sizesNote,
    ],
  };
}
