/** Visits every weight of a model, wherever it is kept. @module */
import type { Attribute, Graph, Model, Node, Weight } from "./model.ts";

/** What becomes of a weight; the weight itself leaves it as it is. `name` is its own, or its node's. */
export type WeightMap = (weight: Weight, name: string) => Weight;

/**
 * A model with other weights: initializers and tensor attributes, those of subgraphs and functions
 * too. What does not change is shared.
 */
export function mapWeights(model: Model, map: WeightMap): Model {
  const functions = model.functions.map((f) => ({ ...f, nodes: mapNodes(f.nodes, map) }));
  return { ...model, functions, graph: mapGraph(model.graph, map) };
}

function mapGraph(graph: Graph, map: WeightMap): Graph {
  const initializers = new Map([...graph.initializers].map(([name, w]) => [name, map(w, name)]));
  return { ...graph, initializers, nodes: mapNodes(graph.nodes, map) };
}

function mapNodes(nodes: readonly Node[], map: WeightMap): readonly Node[] {
  return nodes.map((node) => {
    if (!Object.values(node.attributes).some(holdsWeights)) return node;
    const entries = Object.entries(node.attributes);
    const owner = node.name || node.outputs[0] || node.opType;
    const named: WeightMap = (weight) => map(weight, owner);
    const attributes = Object.fromEntries(
      entries.map(([name, a]) => [name, mapAttribute(a, map, named)]),
    );
    return { ...node, attributes };
  });
}

function holdsWeights({ type }: Attribute): boolean {
  return type === "tensor" || type === "tensors" || type === "graph" || type === "graphs";
}

function mapAttribute(attribute: Attribute, map: WeightMap, named: WeightMap): Attribute {
  switch (attribute.type) {
    case "tensor":
      return { type: "tensor", value: named(attribute.value, "") };
    case "tensors":
      return { type: "tensors", value: attribute.value.map((w) => named(w, "")) };
    case "graph":
      return { type: "graph", value: mapGraph(attribute.value, map) };
    case "graphs":
      return { type: "graphs", value: attribute.value.map((graph) => mapGraph(graph, map)) };
    default:
      return attribute;
  }
}

/** All weights of a model. */
export function weightsOf(model: Model): readonly Weight[] {
  const weights: Weight[] = [];
  mapWeights(model, (weight) => {
    weights.push(weight);
    return weight;
  });
  return weights;
}
