/** Cuts a model in two: a computed value becomes an input. @module */
import type { Graph, Model, Node } from "../ir/model.ts";
import { pruneModel } from "./prune.ts";

/** The value that an output passes on: behind an `Identity`, what goes into it. */
function sourceOf({ nodes }: Graph, output: string): string {
  const node = nodes.find(({ outputs }) => outputs.includes(output));
  return node?.opType === "Identity" && node.domain === "" ? node.inputs[0]! : output;
}

/**
 * The part of a model behind some of its outputs, which become inputs of the same names and types.
 * Whatever else the kept outputs need stays.
 *
 * @param at Names of outputs.
 * @param outputs Names of the outputs to keep.
 *
 * @example
 * ```ts
 * import { GraphBuilder } from "../build/builder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder();
 * const y = b.op("Exp", [b.input("x", "float32", ["n"])]);
 * b.output(y, "middle");
 * b.output(b.op("Neg", [y]), "end");
 * const { graph } = cutModel(b.finish(), ["middle"], ["end"]);
 * assertEquals(graph.inputs.map(({ name }) => name), ["middle"]);
 * ```
 */
export function cutModel(
  model: Model,
  at: readonly string[],
  outputs: readonly string[],
): Model {
  const { graph } = model;
  const cuts = new Map(at.map((name) => [sourceOf(graph, name), name]));
  const nodes = graph.nodes.flatMap((node): Node[] => {
    if (node.outputs.some((name) => at.includes(name))) return [];
    const cut = cuts.get(node.outputs[0] ?? "");
    return [
      cut === undefined ? node : {
        name: `${node.name}.cut`,
        opType: "Identity",
        domain: "",
        inputs: [cut],
        outputs: [node.outputs[0]!],
        attributes: {},
      },
    ];
  });
  const taken = graph.outputs.filter(({ name }) => at.includes(name));
  const kept = graph.outputs.filter(({ name }) => outputs.includes(name));
  const inputs = [...graph.inputs, ...taken];
  return pruneModel({ ...model, graph: { ...graph, nodes, inputs, outputs: kept } }, outputs);
}
