/**
 * Turns weights into graph inputs, and back: a value that is differentiated must not be folded.
 *
 * @module
 */
import type { Model, Weight } from "../../onnx/ir/model.ts";

/** Weights as graph inputs, so that nothing that depends on them is folded. */
export function weightsToInputs(model: Model, names: readonly string[]): Model {
  const { graph } = model;
  const initializers = new Map(graph.initializers);
  const known = new Set(graph.inputs.map(({ name }) => name));
  const inputs = [...graph.inputs];
  for (const name of names) {
    const weight = initializers.get(name);
    if (weight === undefined) continue;
    initializers.delete(name);
    if (!known.has(name)) inputs.push({ name, type: typeOf(weight) });
  }
  return { ...model, graph: { ...graph, inputs, initializers } };
}

/** Undoes {@link weightsToInputs}. */
export function inputsToWeights(model: Model, original: Model, names: readonly string[]): Model {
  const initializers = new Map(model.graph.initializers);
  const declared = new Set(original.graph.inputs.map(({ name }) => name));
  for (const name of names) {
    const weight = original.graph.initializers.get(name);
    if (weight !== undefined) initializers.set(name, weight);
  }
  const inputs = model.graph.inputs.filter(({ name }) =>
    declared.has(name) || !initializers.has(name)
  );
  return { ...model, graph: { ...model.graph, inputs, initializers } };
}

function typeOf({ dtype, dims }: Weight) {
  return { kind: "tensor", dtype, dims } as const;
}
