/**
 * If with a condition that only the run decides: its gradient is an If of the branches' gradients,
 * each of which runs its branch again.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Graph, Model, Node, ValueInfo, Weight } from "../../onnx/ir/model.ts";
import { pruneModel } from "../../onnx/passes/prune.ts";
import { renameGraph } from "../../onnx/ir/rename.ts";
import { valuesRead } from "../../onnx/ir/values_read.ts";
import { cotangentNames, gradientNames } from "../engine/added_names.ts";
import type { GradContext, GradRule, GradRules } from "../engine/rule.ts";

const branch: GradRule = (node, context) => {
  const read = valuesRead(node);
  const wanted = read.flatMap((_, i) => context.needs(i) ? [i] : []);
  if (wanted.length === 0) return [];
  const grads = context.builder.node("If", [node.inputs[0]!], {
    attributes: {
      then_branch: { type: "graph", value: branchGrads(node, context, "then_branch", wanted) },
      else_branch: { type: "graph", value: branchGrads(node, context, "else_branch", wanted) },
    },
    outputs: wanted.length,
  });
  return read.map((_, i) => grads[wanted.indexOf(i)]);
};

/** Rules of control flow; loops are unrolled. */
export const controlFlowRules = { If: branch } satisfies GradRules;

/** A branch that yields the gradients of the values at `wanted`, which it reads from outside. */
function branchGrads(
  node: Node,
  { builder: b, outputGrads, differentiate }: GradContext,
  attribute: string,
  wanted: readonly number[],
): Graph {
  const graph = (node.attributes[attribute] as { value: Graph }).value;
  const read = [...new Set(valuesRead(node).slice(node.inputs.length))];
  const wrt = wanted.map((i) => valuesRead(node)[i]!);
  const outputs = graph.outputs.filter((_, i) => outputGrads[i] !== undefined);
  const alone = standalone(b, graph, read, wrt);
  const full = differentiate(alone, { cotangents: outputs.map(({ name }) => name), wrt });
  const { graph: pruned } = pruneModel(full, [...gradientNames(alone, wrt).values()]);
  const outer = new Map(read.map((name) => [name, name]));
  const cotangents = cotangentNames(alone, outputs.map(({ name }) => name));
  graph.outputs.forEach(({ name }, i) => {
    if (outputGrads[i]) outer.set(cotangents.get(name)!, outputGrads[i]);
  });
  const prefix = `${node.outputs[0]}.${attribute}.`;
  const inner = renameGraph(pruned, (name) => outer.get(name) ?? prefix + name);
  const initializers = new Map([...inner.initializers].filter(([name]) => !outer.has(name)));
  return { ...inner, inputs: [], initializers };
}

/** The branch as a model of its own, with what it reads from outside as inputs or constants. */
function standalone(
  b: GraphBuilder,
  graph: Graph,
  read: readonly Value[],
  wrt: readonly Value[],
): Model {
  const initializers = new Map<string, Weight>(graph.initializers);
  const inputs: ValueInfo[] = [];
  for (const name of read) {
    const weight = wrt.includes(name) ? undefined : b.weightOf(name);
    if (weight) initializers.set(name, weight);
    else inputs.push({ name, type: b.valueType(name) ?? { kind: "unknown" } });
  }
  return {
    irVersion: 9,
    opset: b.opset,
    domains: { "com.microsoft": 1 },
    graph: { ...graph, inputs, initializers },
    functions: [],
    metadata: {},
  };
}
