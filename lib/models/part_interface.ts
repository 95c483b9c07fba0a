/** What the graphs of a model have to take and to give, so that they fit together. @module */
import { type DiagnosticError, diagnosticError } from "../diagnostic/diagnostic.ts";
import type { Model, ValueInfo } from "../onnx/ir/model.ts";
import { isPast, presentOf } from "./cached_states.ts";
import type { ModelPart } from "./weight_types.ts";

/** Element types by what the values are. */
const elements = {
  "floating-point numbers": /^(bfloat16|float16|float32|float64)$/,
  "whole numbers": /^u?int(8|16|32|64)$/,
} as const;

type Elements = keyof typeof elements;

/** Values that a part must have, by their names. */
interface PartInterface {
  readonly inputs: Readonly<Record<string, Elements>>;
  readonly outputs: Readonly<Record<string, Elements>>;
}

const interfaces: Readonly<Partial<Record<ModelPart, PartInterface>>> = {
  vision_encoder: {
    inputs: { pixel_values: "floating-point numbers" },
    outputs: { image_features: "floating-point numbers" },
  },
  embed_tokens: {
    inputs: { input_ids: "whole numbers" },
    outputs: { inputs_embeds: "floating-point numbers" },
  },
  encoder_model: {
    inputs: { inputs_embeds: "floating-point numbers" },
    outputs: { last_hidden_state: "floating-point numbers" },
  },
  decoder_model_merged: {
    inputs: { inputs_embeds: "floating-point numbers" },
    outputs: { logits: "floating-point numbers" },
  },
};

/**
 * Checks that a graph has the inputs and outputs of its part, and that what it keeps comes out again.
 *
 * @param model The model's name, for the message.
 * @throws {DiagnosticError} That names all that is missing or of another type.
 */
export function checkInterface(part: ModelPart, { graph }: Model, model: string): void {
  const wanted = interfaces[part];
  if (wanted === undefined) return;
  const problems = [
    ...mistakes("input", graph.inputs, wanted.inputs),
    ...mistakes("output", graph.outputs, wanted.outputs),
    ...lostStates(graph),
  ];
  if (problems.length === 0) return;
  throw diagnosticError(
    "model-unreadable",
    `Cannot use ${part} of model "${model}": ${problems.join("; ")}`,
  );
}

function mistakes(
  role: "input" | "output",
  values: readonly ValueInfo[],
  wanted: Readonly<Record<string, Elements>>,
): string[] {
  return Object.entries(wanted).flatMap(([name, kind]) => {
    const found = values.find((info) => info.name === name);
    if (found === undefined) return [`it has no ${role} "${name}", ${othersIn(values)}`];
    const type = found.type.kind === "tensor" ? found.type.dtype : found.type.kind;
    return elements[kind].test(type)
      ? []
      : [`its ${role} "${name}" is of type ${type}, expected ${kind}`];
  });
}

function lostStates({ inputs, outputs }: Model["graph"]): string[] {
  const given = new Set(outputs.map(({ name }) => name));
  return inputs.map(({ name }) => name)
    .filter((name) => isPast(name) && !given.has(presentOf(name)))
    .map((name) => `it reads "${name}", but gives no "${presentOf(name)}"`);
}

/** Keys and values of all layers would say nothing more. */
function othersIn(values: readonly ValueInfo[]): string {
  const names = values.map(({ name }) => name).filter((name) => !/^(past|present)[._]/.test(name));
  const list = names.map((name) => `"${name}"`).join(", ");
  return list === "" ? "and no other" : `but ${list}`;
}

/** The error of graphs that do not fit each other, whatever was written about them. */
export function cannotCompose(cause: string): DiagnosticError {
  return diagnosticError("model-unreadable", `Cannot compose a model: ${cause}`);
}
