/** Fills in the types of all values of a model. @module */
import { substituteDim } from "../ir/dim.ts";
import { GraphTypes, hinted } from "./graph_types.ts";
import type { Attribute, Graph, Model, Node } from "../ir/model.ts";
import { mapTypes } from "../ir/rename.ts";

/** Options of {@linkcode inferShapes}. */
export interface InferOptions {
  /** Sizes of symbolic dimensions, by their names. */
  readonly dims?: Readonly<Record<string, number>>;
}

/**
 * Infers element types and shapes of all values; symbols stay symbols, and arithmetic on shapes is
 * followed. A value of unknown type is left out of `graph.values`.
 *
 * @example
 * ```ts
 * import { GraphBuilder, inferShapes, printType } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * const x = b.input("x", "float32", ["batch", 3]);
 * b.output(b.op("Concat", [x, x], { axis: 0 }), "y");
 * const model = b.finish();
 * assertEquals(printType(model.graph.outputs[0]!.type), "float32[2*batch, 3]");
 * const typed = inferShapes(model, { dims: { batch: 4 } });
 * assertEquals(printType(typed.graph.outputs[0]!.type), "float32[8, 3]");
 * ```
 */
export function inferShapes(model: Model, options: InferOptions = {}): Model {
  const sizes = options.dims ?? {};
  const graph = Object.keys(sizes).length === 0
    ? model.graph
    : mapTypes(model.graph, (dim) => substituteDim(dim, sizes));
  const types = new GraphTypes({
    opset: model.opset,
    functions: model.functions,
    declared: graph.values,
  });
  types.addGraph(graph);
  return { ...model, graph: withTypes(graph, types) };
}

function withTypes(graph: Graph, types: GraphTypes): Graph {
  const values = new Map(types.types);
  for (const { name } of [...graph.inputs, ...graph.outputs]) values.delete(name);
  for (const name of graph.initializers.keys()) values.delete(name);
  return {
    ...graph,
    nodes: graph.nodes.map((node) => withSubgraphs(node, types)),
    outputs: graph.outputs.map(({ name, type }) => ({
      name,
      type: hinted(types.type(name), type) ?? type,
    })),
    values,
  };
}

function withSubgraphs(node: Node, types: GraphTypes): Node {
  const graphs = Object.entries(node.attributes).filter(([, a]) => a.type === "graph");
  if (graphs.length === 0) return node;
  const attributes: Record<string, Attribute> = { ...node.attributes };
  for (const [name, attribute] of graphs) {
    const graph = attribute.value as Graph;
    const inner = types.subgraphs.get(graph);
    if (inner !== undefined) attributes[name] = { type: "graph", value: withTypes(graph, inner) };
  }
  return { ...node, attributes };
}
