/** Counts the nodes, weights and operators of a model. @module */
import { opKey } from "../autodiff/engine/rule.ts";
import { weightsOf } from "../onnx/ir/map_weights.ts";
import type { Graph, Model, Node } from "../onnx/ir/model.ts";
import { printType } from "../onnx/ir/print.ts";
import { weightSize } from "../onnx/ir/weight.ts";
import { weightFilesOf } from "../runtime/weight_files.ts";
import { sizeOf } from "../tensor/tensor.ts";

/** Name and type of an input or output, as text. */
export interface PrintedValue {
  readonly name: string;
  /** `float32[batch, 3]` */
  readonly type: string;
}

/** Weights of one element type. */
export interface WeightTotal {
  readonly dtype: string;
  readonly tensors: number;
  readonly parameters: number;
  readonly bytes: number;
}

/** A model in numbers. */
export interface ModelSummary {
  readonly opsets: Readonly<Record<string, number>>;
  readonly irVersion: number;
  readonly inputs: readonly PrintedValue[];
  readonly outputs: readonly PrintedValue[];
  /** Nodes, those of subgraphs and functions too. */
  readonly nodes: number;
  readonly functions: number;
  /** Number of nodes by op, most frequent first. */
  readonly ops: Readonly<Record<string, number>>;
  readonly parameters: number;
  readonly bytes: number;
  readonly weights: readonly WeightTotal[];
  /** Names of the files that hold weights. */
  readonly weightFiles: readonly string[];
}

/** Sums up a model. */
export function summariseModel(model: Model): ModelSummary {
  const { graph } = model;
  const nodes = [...allNodes(graph), ...model.functions.flatMap((f) => [...f.nodes])];
  const weights = weightTotals(model);
  const value = ({ name, type }: Graph["inputs"][number]) => ({ name, type: printType(type) });
  return {
    opsets: { "ai.onnx": model.opset, ...model.domains },
    irVersion: model.irVersion,
    inputs: graph.inputs.filter(({ name }) => !graph.initializers.has(name)).map(value),
    outputs: graph.outputs.map(value),
    nodes: nodes.length,
    functions: model.functions.length,
    ops: countOps(nodes),
    parameters: weights.reduce((sum, { parameters }) => sum + parameters, 0),
    bytes: weights.reduce((sum, { bytes }) => sum + bytes, 0),
    weights,
    weightFiles: [...weightFilesOf(model).values()].map(({ location }) => location),
  };
}

function allNodes(graph: Graph): Node[] {
  return graph.nodes.flatMap((node) => [
    node,
    ...Object.values(node.attributes).flatMap((attribute) =>
      attribute.type === "graph" ? allNodes(attribute.value) : []
    ),
  ]);
}

function countOps(nodes: readonly Node[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const node of nodes) counts.set(opKey(node), (counts.get(opKey(node)) ?? 0) + 1);
  const order = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return Object.fromEntries(order);
}

function weightTotals(model: Model): WeightTotal[] {
  const totals = new Map<string, WeightTotal>();
  for (const weight of weightsOf(model)) {
    const { dtype } = weight;
    const { tensors, parameters, bytes } = totals.get(dtype) ??
      { tensors: 0, parameters: 0, bytes: 0 };
    totals.set(dtype, {
      dtype,
      tensors: tensors + 1,
      parameters: parameters + sizeOf(weight.dims),
      bytes: bytes + weightSize(weight),
    });
  }
  return [...totals.values()].sort((a, b) => b.bytes - a.bytes);
}
