/** Removes what no output needs. @module */
import { BuildError } from "../build/builder.ts";
import type { Graph, Model, Node } from "../ir/model.ts";
import { namesRead } from "../ir/values_read.ts";

function neededNodes(graph: Graph, outputs: readonly string[]): [Node[], Set<string>] {
  const needed = new Set(outputs);
  const nodes: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    nodes.push(node);
    for (const name of namesRead(node)) needed.add(name);
  }
  return [nodes.reverse(), needed];
}

/**
 * Keeps the nodes, initializers, inputs and functions that the outputs need.
 *
 * @param outputs Names of the outputs to keep, in this order; default all. A pruned model has no
 * inputs that nothing reads; without `outputs` its inputs stay as they are.
 * @throws {BuildError} If the graph has no such output.
 *
 * @example
 * ```ts
 * import { GraphBuilder, pruneModel } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * b.output(b.op("Neg", [b.input("x", "float32", ["n"])]), "y");
 * b.output(b.op("Exp", [b.input("z", "float32", ["n"])]), "w");
 * const { graph } = pruneModel(b.finish(), ["w"]);
 * assertEquals(graph.inputs.map((input) => input.name), ["z"]);
 * ```
 */
export function pruneModel(model: Model, outputs?: readonly string[]): Model {
  const { graph } = model;
  const kept = outputs?.map((name) => outputNamed(graph, name)) ?? graph.outputs;
  const [nodes, needed] = neededNodes(graph, kept.map((info) => info.name));
  const used = new Set(nodes.map((node) => `${node.domain}:${node.opType}`));
  return {
    ...model,
    graph: {
      ...graph,
      nodes,
      inputs: outputs ? graph.inputs.filter((info) => needed.has(info.name)) : graph.inputs,
      outputs: kept,
      initializers: filterKeys(graph.initializers, needed),
      values: filterKeys(graph.values, needed),
    },
    functions: reachableFunctions(model, used),
  };
}

function outputNamed(graph: Graph, name: string): Graph["outputs"][number] {
  const output = graph.outputs.find((info) => info.name === name);
  if (output) return output;
  const found = graph.outputs.map((info) => `"${info.name}"`).join(", ");
  throw new BuildError(`Cannot keep output "${name}": the graph's outputs are ${found}`);
}

function filterKeys<T>(map: ReadonlyMap<string, T>, keep: ReadonlySet<string>): Map<string, T> {
  return new Map([...map].filter(([name]) => keep.has(name)));
}

/** Functions that kept nodes call, and what those call. */
function reachableFunctions(model: Model, used: Set<string>): Model["functions"] {
  const nameOf = (call: { domain: string; opType: string }) => `${call.domain}:${call.opType}`;
  const byName = new Map(model.functions.map((f) => [`${f.domain}:${f.name}`, f]));
  const stack = [...used];
  while (stack.length > 0) {
    const definition = byName.get(stack.pop()!);
    for (const call of definition?.nodes.map(nameOf) ?? []) {
      if (!used.has(call)) stack.push(call);
      used.add(call);
    }
  }
  // Calls may also sit in subgraphs of kept nodes: such functions are kept as they are.
  const hasSubgraphs = model.graph.nodes.some((node) =>
    Object.values(node.attributes).some((a) => a.type === "graph" || a.type === "graphs")
  );
  return hasSubgraphs
    ? model.functions
    : model.functions.filter((f) => used.has(`${f.domain}:${f.name}`));
}
