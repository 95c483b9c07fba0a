/** Joins a decoder for the first run with one for later runs. @module */
import type { Graph, Model, Node, ValueInfo } from "../onnx/ir/model.ts";
import { renameGraph } from "../onnx/ir/rename.ts";
import { inlineFunctions } from "../onnx/passes/inline_functions.ts";
import { branchInput, isPast, presentOf } from "./cached_states.ts";
import { cannotCompose } from "./part_interface.ts";

/**
 * One decoder that chooses by `use_cache_branch`, as optimum merges `decoder_model` and
 * `decoder_with_past_model`. Their functions are inlined: two of one name may have different bodies.
 *
 * @param first Reads no past, and gives all states.
 * @param later Reads the past. States that it does not give again, those of an encoder, stay.
 * @throws {DiagnosticError} If their operator sets differ.
 */
export function mergeDecoders(first: Model, later: Model): Model {
  if (first.opset !== later.opset) {
    throw cannotCompose(
      `decoder_model is of operator set ${first.opset}, decoder_with_past_model of ${later.opset}`,
    );
  }
  return chosenByBranch(inlineFunctions(first), inlineFunctions(later));
}

/** Both, without functions of their own, as the branches of an If. */
function chosenByBranch(first: Model, later: Model): Model {
  const useCache: ValueInfo = {
    name: branchInput,
    type: { kind: "tensor", dtype: "bool", dims: [1] },
  };
  const { outputs } = first.graph;
  const known = new Set(first.graph.inputs.map(({ name }) => name));
  const inputs = [
    ...first.graph.inputs,
    ...later.graph.inputs.filter(({ name }) => !known.has(name)),
    useCache,
  ];
  const choice: Node = {
    name: "decoders",
    opType: "If",
    domain: "",
    inputs: [branchInput],
    outputs: outputs.map(({ name }) => name),
    attributes: {
      then_branch: { type: "graph", value: branchOf(withAllStates(later.graph, outputs), "later") },
      else_branch: { type: "graph", value: branchOf(first.graph, "first") },
    },
  };
  return {
    ...first,
    domains: { ...later.domains, ...first.domains },
    graph: { ...first.graph, nodes: [choice], inputs, initializers: new Map(), values: new Map() },
  };
}

/** The graph with all of these outputs, in their order; a state that it does not give stays as it was. */
function withAllStates(graph: Graph, outputs: readonly ValueInfo[]): Graph {
  const given = new Map(graph.outputs.map((info) => [info.name, info]));
  const kept = graph.inputs.filter(({ name }) => isPast(name) && !given.has(presentOf(name)));
  const passing = kept.map(({ name }): Node => ({
    name: `keep/${name}`,
    opType: "Identity",
    domain: "",
    inputs: [name],
    outputs: [presentOf(name)],
    attributes: {},
  }));
  const states = kept.map((info) => [presentOf(info.name), info] as const);
  const all = new Map([
    ...given,
    ...states.map(([name, info]) => [name, { ...info, name }] as const),
  ]);
  return {
    ...graph,
    nodes: [...graph.nodes, ...passing],
    outputs: outputs.map(({ name }) => {
      const info = all.get(name);
      if (info !== undefined) return info;
      throw cannotCompose(`decoder_model gives "${name}", decoder_with_past_model does not`);
    }),
  };
}

/** The graph as a branch: it reads the inputs of the whole, and defines all else itself. */
function branchOf(graph: Graph, prefix: string): Graph {
  const outer = new Set(graph.inputs.map(({ name }) => name));
  const renamed = renameGraph(graph, (name) => outer.has(name) ? name : `${prefix}/${name}`);
  return { ...renamed, inputs: [] };
}
