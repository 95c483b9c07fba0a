/** Reports a node that does not fit its inputs. @module */
import { DiagnosticError } from "../../diagnostic/diagnostic.ts";
import type { Node } from "../ir/model.ts";

/** Thrown by rules and checks; the message continues "Cannot use Gather node "y": ". */
export class WrongNode extends Error {
  override readonly name = "WrongNode";
}

/** A node for messages: its operator and its name, or that of its first output. */
export function placeOf(node: Node): string {
  const name = node.name || node.outputs.find((o) => o !== "") || "";
  return `${node.opType} node "${name}"`;
}

/** The error that says so. */
export function wrongNodeError(node: Node, cause: string): DiagnosticError {
  return new DiagnosticError([{
    code: "wrong-node",
    severity: "error",
    message: `Cannot use ${placeOf(node)}: ${cause}`,
  }]);
}
