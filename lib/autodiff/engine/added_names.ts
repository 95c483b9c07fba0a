/** Names what gradients add to a model: outputs for gradients, inputs for cotangents. @module */
import type { Graph, Model } from "../../onnx/ir/model.ts";

/** Names that were chosen, by the values that they belong to. */
export type AddedNames = ReadonlyMap<string, string>;

/** Names of the outputs for gradients: `grad.x`, or where the model has that, `grad.grad.x`. */
export function gradientNames({ graph }: Model, wrt: readonly string[]): AddedNames {
  return addedNames(graph, "grad.", wrt);
}

/** Names of the inputs for cotangents: `ct.y`, or where the model has that, `ct.ct.y`. */
export function cotangentNames({ graph }: Model, outputs: readonly string[]): AddedNames {
  return addedNames(graph, "ct.", outputs);
}

/** Puts the prefix before each value, as often as it takes until nothing else has the name. */
function addedNames(graph: Graph, prefix: string, values: readonly string[]): AddedNames {
  const taken = new Set(namesIn(graph));
  const added = new Map<string, string>();
  for (const value of new Set(values)) {
    let name = prefix + value;
    while (taken.has(name)) name = prefix + name;
    taken.add(name);
    added.set(value, name);
  }
  return added;
}

/** All names of values, those in subgraphs too: a subgraph must not hide a value around it. */
function namesIn(graph: Graph): string[] {
  return [
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap(({ outputs, attributes }) => [
      ...outputs,
      ...Object.values(attributes).flatMap((attribute) =>
        attribute.type === "graph"
          ? namesIn(attribute.value)
          : attribute.type === "graphs"
          ? attribute.value.flatMap(namesIn)
          : []
      ),
    ]),
  ];
}
