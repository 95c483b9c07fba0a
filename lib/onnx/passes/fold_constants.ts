/** Computes what is known before the graph runs. @module */
import { GraphTypes } from "../infer/graph_types.ts";
import { isExact, type Known, tensorFromKnown } from "../infer/known.ts";
import { opRow } from "../infer/table.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { Graph, Model, Node, ValueType, Weight } from "../ir/model.ts";
import { constantWeight } from "../infer/creation.ts";
import { pruneModel } from "./prune.ts";
import { takeBranch } from "./take_branches.ts";
import { weightFromTensor } from "../ir/weight.ts";

/** Options of {@linkcode foldConstants}. */
export interface FoldOptions {
  /** Results with more elements stay computed; default 4096. */
  readonly limit?: number;
}

/**
 * Replaces nodes whose results are known by initializers: `Constant` nodes, arithmetic on shapes and on
 * other small constants. An `If` that is decided becomes its branch. Large tensors are left alone, and
 * what becomes unused is removed.
 *
 * @example
 * ```ts
 * import { foldConstants, GraphBuilder } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * const x = b.input("x", "float32", [2, 3]);
 * b.output(b.op("Reshape", [x, b.op("Shape", [x])]), "y");
 * const folded = foldConstants(b.finish());
 * assertEquals(folded.graph.nodes.filter((node) => node.opType === "Shape"), []);
 * ```
 */
export function foldConstants(model: Model, options: FoldOptions = {}): Model {
  const { graph } = model;
  const types = new GraphTypes({
    opset: model.opset,
    functions: model.functions,
    declared: graph.values,
  });
  types.addGraph(graph);
  const taken = takeBranches(graph, types);
  if (taken !== undefined) return foldConstants(pruneModel({ ...model, graph: taken }), options);
  const initializers = new Map(graph.initializers);
  const outputs = new Set(graph.outputs.map((o) => o.name));
  const nodes = graph.nodes.filter((node) => {
    const weights = foldedWeights(node, types, options.limit ?? 4096);
    if (weights === undefined || node.outputs.some((name) => outputs.has(name))) return true;
    node.outputs.forEach((name, i) => name !== "" && initializers.set(name, weights[i]!));
    return false;
  });
  if (nodes.length === graph.nodes.length) return model;
  const folded: Graph = { ...graph, nodes, initializers, values: typesOf(graph, initializers) };
  return pruneModel({ ...model, graph: folded });
}

/** The graph with the taken branch instead of each `If` that is decided; undefined if none is. */
function takeBranches(graph: Graph, types: GraphTypes): Graph | undefined {
  const initializers = new Map(graph.initializers);
  let taken = false;
  const nodes = graph.nodes.flatMap((node) => {
    const condition = node.opType === "If" ? types.known(node.inputs[0]!)?.elements[0] : undefined;
    if (typeof condition !== "number" || node.domain !== "") return [node];
    const branch = takeBranch(node, condition !== 0);
    if (branch === undefined) return [node];
    taken = true;
    branch.initializers.forEach((weight, name) => initializers.set(name, weight));
    return branch.nodes;
  });
  return taken ? { ...graph, nodes, initializers } : undefined;
}

function typesOf(graph: Graph, initializers: ReadonlyMap<string, Weight>): Map<string, ValueType> {
  return new Map([...graph.values].filter(([name]) => !initializers.has(name)));
}

/** Weights instead of the outputs of a node, or undefined if one is not known. */
function foldedWeights(node: Node, types: GraphTypes, limit: number): Weight[] | undefined {
  if (node.opType === "Constant" && node.domain === "") {
    const weight = constantWeight(node.attributes);
    return weight && [weight];
  }
  if (opRow(node.domain, node.opType)?.evaluate === undefined) return undefined;
  const weights: Weight[] = [];
  for (const name of node.outputs) {
    const weight = weightOfKnown(name === "" ? undefined : types.known(name), limit);
    if (weight === undefined) return undefined;
    weights.push(weight);
  }
  return weights;
}

function weightOfKnown(elements: Known | undefined, limit: number): Weight | undefined {
  if (elements === undefined || sizeOf(elements.dims) > limit || !isExact(elements)) {
    return undefined;
  }
  return weightFromTensor(tensorFromKnown(elements)!);
}
