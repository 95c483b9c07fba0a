/** Rebuilds a graph with some of its nodes replaced. @module */
import { GraphBuilder, type Value } from "../../onnx/build/builder.ts";
import { countNodes } from "../../onnx/ir/count_nodes.ts";
import type { Graph, Model, Node } from "../../onnx/ir/model.ts";
import { capturedBy, namesRead, valuesRead } from "../../onnx/ir/values_read.ts";
import { refuse } from "./refuse.ts";

/**
 * Values instead of a node's outputs, or `undefined` to keep the node as it is. `node` reads the
 * values that represent its inputs by now, `original` is the node of the model.
 */
export type Rewrite = (
  node: Node,
  builder: GraphBuilder,
  original: Node,
) => readonly Value[] | undefined;

/** Nodes that a graph may become when parts of it are unrolled: that must come to an end. */
export function maxNodes({ graph }: Model): number {
  return 40_000 + 20 * countNodes(graph.nodes);
}

/**
 * Replaces the nodes for which `rewrite` gives values; readers of the old outputs read those.
 *
 * @param most Nodes that the graph may have in the end.
 * @throws {DiagnosticError} If it would have more, or if `rewrite` leaves out an output that is read.
 */
export function rewriteNodes(model: Model, rewrite: Rewrite, most = maxNodes(model)): Model {
  const { graph } = model;
  const builder = new GraphBuilder({
    model: { ...model, graph: { ...graph, nodes: [], outputs: [] } },
    prefix: freePrefix(graph),
    maxNodes: most,
  });
  const renamed = new Map<string, Value>();
  const captured = capturedIn(graph);
  const read = new Set([...graph.nodes.flatMap(namesRead), ...graph.outputs.map((o) => o.name)]);
  for (const node of graph.nodes) {
    const moved = { ...node, inputs: node.inputs.map((name) => renamed.get(name) ?? name) };
    const rewritten = rewrite(moved, builder, node);
    if (rewritten) refuseMissing(node, rewritten, read);
    const values = rewritten ?? append(builder, moved);
    node.outputs.forEach((name, i) => {
      const value = values[i];
      if (name === "" || !value || value === name) return;
      renamed.set(name, value);
      // Subgraphs go on reading the old name.
      if (captured.has(name)) builder.node("Identity", [value], { outputs: [name] });
    });
  }
  for (const { name } of graph.outputs) builder.output(renamed.get(name) ?? name, name);
  return builder.finish();
}

/** Refuses values that do not stand for all outputs that are read. */
function refuseMissing(node: Node, values: readonly Value[], read: ReadonlySet<string>): void {
  const missing = node.outputs.find((name, i) => !values[i] && read.has(name));
  refuse(
    node,
    missing !== undefined,
    `its output "${missing}" is read, and only its output "${node.outputs[0]}" can be rewritten`,
    "Remove what reads it, or the graph's output of this name",
  );
}

/** A start of names that no value of the graph has: nodes yet to be copied keep their names. */
function freePrefix(graph: Graph): string {
  const names = [...valueNames(graph)];
  for (let round = 1;; round++) {
    const prefix = `rewritten${round}.`;
    if (!names.some((name) => name.startsWith(prefix))) return prefix;
  }
}

function* valueNames({ inputs, initializers, nodes }: Graph): Generator<string> {
  for (const { name } of inputs) yield name;
  yield* initializers.keys();
  for (const node of nodes) {
    yield* node.outputs;
    for (const attribute of Object.values(node.attributes)) {
      if (attribute.type === "graph") yield* valueNames(attribute.value);
    }
  }
}

function append(builder: GraphBuilder, node: Node): Value[] {
  return builder.node(node.opType, node.inputs.map((name) => name || undefined), {
    attributes: node.attributes,
    domain: node.domain,
    outputs: node.outputs,
    name: node.name,
  });
}

/** Names that subgraphs of the graph take from it. */
function capturedIn(graph: Graph): ReadonlySet<string> {
  const read = graph.nodes.flatMap((node) => valuesRead(node).slice(node.inputs.length));
  return new Set([...read, ...capturedBy({ ...graph, inputs: [], nodes: [], outputs: [] })]);
}
