/** Puts ONNX Runtime's errors about a model into words. @module */
import { DiagnosticError } from "../diagnostic/diagnostic.ts";

/** The error of a session that does not open. */
export function sessionError(name: string, error: unknown): DiagnosticError {
  const cause = error instanceof Error ? error.message : String(error);
  const { code, message, notes } = explainedCause(cause);
  return new DiagnosticError([{
    code,
    severity: "error",
    message: `Cannot open ${name}: ${message}`,
    notes,
  }]);
}

/** Says which node could not compute what it got, in ONNX Runtime's words. */
const failedNode = /running (\w+) node\. Name:'([^']*)' Status Message: (.*)/s;

/** An id of a text that the table of embeddings does not have. */
const outOfTable = /indices element out of data bounds, idx=(-?\d+) .*\[-(\d+)/s;

/** The error of a run that a node of the model ends. */
export function runError(error: unknown): DiagnosticError {
  const cause = error instanceof Error ? error.message : String(error);
  const [, operator, node, said = cause] = failedNode.exec(cause) ?? [];
  const at = operator === undefined ? "" : ` at ${operator} node "${node}"`;
  const [, index, rows] = outOfTable.exec(said) ?? [];
  const words = index === undefined
    ? said.trim().replace(/\s*\n\s*/g, " ")
    : `it looks up ${index} in a table of ${rows} rows`;
  return new DiagnosticError([{
    code: "model-rejected",
    severity: "error",
    message: `Cannot run the model${at}: ${words}`,
    notes: index === undefined
      ? []
      : ["Its tokenizer.json, its config.json and its graphs may belong to different models"],
  }]);
}

interface Explained {
  readonly code: string;
  readonly message: string;
  readonly notes: readonly string[];
}

function explainedCause(cause: string): Explained {
  if (/protobuf parsing failed|invalid protobuf|ModelProto/i.test(cause)) {
    const message = "it is not an ONNX file, or it is truncated";
    return { code: "model-unreadable", message, notes: [`ONNX Runtime says: ${cause}`] };
  }
  const kernel = cause.match(/implementation for (\w+)\((\d+)\) node with name '([^']*)'/);
  if (kernel) return noKernel(kernel as unknown as [string, string, string, string]);
  const isMissing = /doesn't exist|No such file/i.test(cause);
  return {
    code: isMissing ? "model-not-found" : "model-rejected",
    message: cause.split("\n", 1)[0]!,
    notes: [],
  };
}

function noKernel([, op, opset, node]: readonly [string, string, string, string]): Explained {
  const named = node === "" ? "" : ` of node "${node}"`;
  return {
    code: "no-kernel",
    message:
      `ONNX Runtime has no kernel for ${op} of operator set ${opset} in the element types${named}`,
    notes: ["Take the model in other weights, such as `weights: fp32`, or compute it in float32"],
  };
}
