/** Refuses a node whose form a rule cannot differentiate. @module */
import { DiagnosticError } from "../../diagnostic/diagnostic.ts";
import type { Node } from "../../onnx/ir/model.ts";

/**
 * Stops if the condition holds.
 *
 * @param cause Continues "Cannot differentiate node …: ".
 * @param note What would have been allowed, or what to do.
 * @throws {DiagnosticError} If the condition holds.
 */
export function refuse(
  node: Node,
  condition: boolean,
  cause: string,
  note = "Export the model in another form of this op",
): void {
  if (!condition) return;
  const name = node.name || node.outputs[0];
  throw new DiagnosticError([{
    code: "no-gradient-rule",
    severity: "error",
    message: `Cannot differentiate node "${name}" (${node.opType}): ${cause}`,
    notes: [note],
  }]);
}
