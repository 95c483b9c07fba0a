/** Names of a model's values that people give to options. @module */
import { diagnosticError } from "../diagnostic/diagnostic.ts";
import type { Graph } from "../onnx/ir/model.ts";
import type { CommandArguments } from "./command.ts";

/**
 * Refuses several names in one text with commas between them.
 *
 * @param names Options that may be repeated.
 * @throws {DiagnosticError} If a text is no value of the model, but what is between its commas is.
 */
export function refuseLists(
  { options }: CommandArguments,
  graph: Graph,
  ...names: readonly ("wrt" | "of" | "cotangent")[]
): void {
  for (const name of names) {
    const known = name === "wrt" ? sourceNames(graph) : targetNames(graph);
    for (const text of options.get(name) ?? []) {
      const parts = text.split(",").map((part) => part.trim());
      if (known.has(text) || !parts.every((part) => known.has(part))) continue;
      throw diagnosticError("usage", `Cannot use "${text}" for --${name}: it is a list of names`, [
        `repeat --${name} for each name: ${parts.map((part) => `--${name} ${part}`).join(" ")}`,
      ]);
    }
  }
}

/** Inputs and weights. */
export function sourceNames({ inputs, initializers }: Graph): ReadonlySet<string> {
  return new Set([...inputs.map(({ name }) => name), ...initializers.keys()]);
}

/** Outputs. */
export function targetNames({ outputs }: Graph): ReadonlySet<string> {
  return new Set(outputs.map(({ name }) => name));
}
