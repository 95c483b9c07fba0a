/**
 * Computes models of 16-bit floats in float32. Runtimes on processors do so node by node, rounding in
 * between, which turns signs of values near 0; here nothing is rounded between inputs and outputs.
 *
 * @module
 */
import { castTensor } from "../../tensor/convert.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { castNode } from "../ir/cast_node.ts";
import { dataTypeOf } from "../ir/data_type.ts";
import { isHalf } from "../ir/half.ts";
import type { Attribute, Graph, Model, Node, ValueInfo, ValueType, Weight } from "../ir/model.ts";
import { mapSubgraphs, renameNode } from "../ir/rename.ts";
import { tensorFromWeight, weightFromTensor } from "../ir/weight.ts";

/**
 * The model with weights, inputs and outputs as they are and float32 in between. A model without
 * 16-bit weights stays as it is: what it rounds, it rounds on purpose. Functions must be inlined.
 */
export function widenModel(model: Model): Model {
  const weights = [...model.graph.initializers.values()];
  if (!weights.some((weight) => isHalf(weight.dtype) && sizeOf(weight.dims) > 1)) return model;
  return { ...model, graph: widenGraph(model.graph, new FreshNames(model.graph)) };
}

/** Wide names of values that have a narrow one in the same graph, or around it. */
type Wide = ReadonlyMap<string, string>;

class FreshNames {
  readonly #taken: Set<string>;

  constructor(graph: Graph) {
    this.#taken = new Set([
      ...graph.inputs.map(({ name }) => name),
      ...graph.initializers.keys(),
      ...graph.nodes.flatMap(({ outputs }) => outputs),
    ]);
  }

  wide(name: string): string {
    let fresh = `${name}/float32`;
    while (this.#taken.has(fresh)) fresh += "_";
    this.#taken.add(fresh);
    return fresh;
  }
}

/** Inputs and weights are widened where they enter, outputs narrowed where they leave. */
function widenGraph(graph: Graph, names: FreshNames): Graph {
  const half = ({ type }: ValueInfo) => type.kind === "tensor" && isHalf(type.dtype);
  const entering = [
    ...graph.inputs.filter(half).map(({ name }) => name),
    ...halfWeights(graph.initializers),
  ];
  const leaving = graph.outputs.filter(half);
  const all = new Set([...entering, ...leaving.map(({ name }) => name)]);
  const wide = new Map([...all].map((name) => [name, names.wide(name)]));
  const given = new Set([...graph.inputs.map(({ name }) => name), ...graph.initializers.keys()]);
  return {
    ...graph,
    nodes: [
      ...[...new Set(entering)].map((name) => castNode(name, wide.get(name)!, "float32")),
      ...graph.nodes.map((node) => widenNode(node, wide, names)),
      ...leaving.filter(({ name }) => !given.has(name)).map(({ name, type }) =>
        castNode(wide.get(name)!, name, (type as { dtype: "float16" }).dtype)
      ),
    ],
    values: new Map(),
  };
}

function halfWeights(weights: ReadonlyMap<string, Weight>): string[] {
  return [...weights].filter(([, { dtype }]) => isHalf(dtype)).map(([name]) => name);
}

function widenNode(node: Node, wide: Wide, names: FreshNames): Node {
  const renamed = renameNode(node, (name) => wide.get(name) ?? name);
  const inner = mapSubgraphs(renamed, (graph) => widenSubgraph(graph, names));
  const attributes = Object.fromEntries(
    Object.entries(inner.attributes).map(([name, value]) => [name, widenAttribute(name, value)]),
  );
  return { ...inner, attributes };
}

/** Everything in a subgraph is wide, what it takes and gives included. */
function widenSubgraph(graph: Graph, names: FreshNames): Graph {
  const weights = halfWeights(graph.initializers);
  const wide = new Map(weights.map((name) => [name, names.wide(name)]));
  const widened = ({ name, type }: ValueInfo) => ({
    name: wide.get(name) ?? name,
    type: widenType(type),
  });
  return {
    ...graph,
    inputs: graph.inputs.map(widened),
    outputs: graph.outputs.map(widened),
    nodes: [
      ...weights.map((name) => castNode(name, wide.get(name)!, "float32")),
      ...graph.nodes.map((node) => widenNode(node, wide, names)),
    ],
    values: new Map(),
  };
}

function widenType(type: ValueType): ValueType {
  if (type.kind === "unknown") return type;
  if (type.kind !== "tensor") return { ...type, element: widenType(type.element) };
  return isHalf(type.dtype) ? { ...type, dtype: "float32" } : type;
}

/** Element types that attributes of ops ask for. */
function widenAttribute(name: string, attribute: Attribute): Attribute {
  const half = [dataTypeOf.float16, dataTypeOf.bfloat16];
  if (attribute.type === "int" && (name === "to" || name === "dtype")) {
    return half.includes(attribute.value) ? { type: "int", value: dataTypeOf.float32 } : attribute;
  }
  return attribute.type === "tensor" && isHalf(attribute.value.dtype)
    ? { type: "tensor", value: widenWeight(attribute.value) }
    : attribute;
}

function widenWeight(weight: Weight): Weight {
  return weight.data.kind === "inline"
    ? weightFromTensor(castTensor(tensorFromWeight(weight), "float32"))
    : weight;
}
