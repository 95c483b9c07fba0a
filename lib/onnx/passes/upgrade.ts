/**
 * Brings models to one generation of operator sets, so that every later pass sees one form of each
 * operator. Source of the changes: the ONNX operator changelog (Changelog.md of onnx).
 *
 * @module
 */
import { BuildError } from "../build/builder.ts";
import { GraphTypes } from "../infer/graph_types.ts";
import { numbersOf } from "../infer/known.ts";
import { type Attributes, type Upgrade, type UpgradeRow, upgrades } from "./upgrade_rules.ts";
import { oldestOpset } from "../ir/oldest_opset.ts";
import type { Attribute, FunctionDef, Graph, Model, Node, TensorType } from "../ir/model.ts";

/** The oldest operator set that rules know; its forms hold up to opset 23, except `upgrades`. */
const WORKING_OPSET = 18;

/**
 * Rewrites nodes that have another form in a newer operator set; weights are not touched.
 *
 * @param options.opset Version to bring the model to; default the largest of its own, those of its
 * functions, and 18. A version below that changes nothing.
 * @throws {BuildError} If the model is older than operator set 7.
 *
 * @example
 * ```ts
 * import { GraphBuilder, upgradeModel } from "@tvp/pipeline/onnx";
 * import { assertEquals } from "@std/assert";
 *
 * const b = new GraphBuilder({ opset: 13 });
 * b.output(b.op("ReduceMax", [b.input("x", "float32", [2, 3])], { axes: [1] }), "y");
 * const { opset, graph } = upgradeModel(b.finish());
 * assertEquals(opset, 18);
 * const max = graph.nodes.find((node) => node.opType === "ReduceMax");
 * assertEquals(max?.inputs.length, 2); // axes became an input in opset 18
 * ```
 */
export function upgradeModel(model: Model, options: { opset?: number } = {}): Model {
  const versions = [model.opset, ...model.functions.map(({ opsets }) => opsets[""] ?? model.opset)];
  const to = Math.max(...versions, WORKING_OPSET, options.opset ?? 0);
  if (versions.every((version) => version === to)) return model;
  if (model.opset < oldestOpset) {
    throw new BuildError(
      `Cannot upgrade a model of operator set ${model.opset}: the oldest that is supported is ${oldestOpset}`,
    );
  }
  const types = typesOf(model);
  const names = new FreshNames(model);
  return {
    ...model,
    irVersion: Math.max(model.irVersion, 8),
    opset: to,
    graph: upgradeGraph(model.graph, { from: model.opset, to, names, types }),
    functions: model.functions.map((definition) => upgradeFunction(definition, to, names)),
  };
}

function typesOf(model: Model): GraphTypes {
  const { opset, functions, graph } = model;
  const types = new GraphTypes({ opset, functions, declared: graph.values });
  types.addGraph(graph);
  return types;
}

interface Step {
  readonly from: number;
  readonly to: number;
  readonly names: FreshNames;
  /** Types of the values around the node; nothing is known in a function. */
  readonly types?: GraphTypes | undefined;
}

function upgradeFunction(definition: FunctionDef, to: number, names: FreshNames): FunctionDef {
  const from = definition.opsets[""] ?? to;
  const nodes = upgradeNodes(definition.nodes, { from, to, names });
  return { ...definition, nodes, opsets: { ...definition.opsets, "": Math.max(from, to) } };
}

function upgradeGraph(graph: Graph, step: Step): Graph {
  return { ...graph, nodes: upgradeNodes(graph.nodes, step) };
}

function upgradeNodes(nodes: readonly Node[], step: Step): Node[] {
  return nodes.flatMap((node) => upgradeNode(upgradeSubgraphs(node, step), step));
}

function upgradeSubgraphs(node: Node, step: Step): Node {
  const entries = Object.entries(node.attributes);
  if (!entries.some(([, { type }]) => type === "graph" || type === "graphs")) return node;
  const inner = (graph: Graph) =>
    upgradeGraph(graph, { ...step, types: step.types?.subgraphs.get(graph) });
  const upgraded = (attribute: Attribute): Attribute => {
    if (attribute.type === "graph") return { ...attribute, value: inner(attribute.value) };
    if (attribute.type !== "graphs") return attribute;
    return { ...attribute, value: attribute.value.map(inner) };
  };
  const attributes = Object.fromEntries(entries.map(([key, a]) => [key, upgraded(a)]));
  return { ...node, attributes };
}

function upgradeNode(node: Node, step: Step): Node[] {
  const { from, to } = step;
  if (node.domain !== "") return [node];
  let nodes: Node[] = [node];
  for (const { since, rewrite } of upgradesOf(node)) {
    if (from >= since || to < since) continue;
    nodes = nodes.flatMap((one) =>
      one.opType === node.opType ? rewriteNode(one, rewrite, step) : [one]
    );
  }
  return nodes;
}

function upgradesOf({ opType }: Node): readonly UpgradeRow[] {
  return Object.hasOwn(upgrades, opType) ? upgrades[opType]! : [];
}

function rewriteNode(node: Node, rewrite: Upgrade, { names, types }: Step): Node[] {
  const before: Node[] = [];
  const add = (opType: string, inputs: readonly string[], attributes: Attributes = {}): string => {
    const output = names.next(node, opType);
    before.push({ name: output, opType, domain: "", inputs, outputs: [output], attributes });
    return output;
  };
  const type = (value: string): TensorType | undefined => {
    const found = types?.type(value);
    return found?.kind === "tensor" ? found : undefined;
  };
  const numbers = (value: string) => numbersOf(types?.known(value));
  const rewritten = rewrite(node, { add, type, numbers });
  return [...before, ...(Array.isArray(rewritten) ? rewritten : [rewritten])];
}

/** Names that no value of the model has. */
class FreshNames {
  #count = 0;
  #prefix: string;

  constructor(model: Model) {
    let prefix = "upgraded";
    const taken = JSON.stringify([...namesIn(model.graph.nodes)]);
    while (taken.includes(`"${prefix}/`)) prefix += "_";
    this.#prefix = prefix;
  }

  next(node: Node, opType: string): string {
    return `${this.#prefix}/${node.opType}_${opType}_${this.#count++}`;
  }
}

function* namesIn(nodes: readonly Node[]): Generator<string> {
  for (const node of nodes) {
    yield* node.outputs;
    for (const attribute of Object.values(node.attributes)) {
      if (attribute.type === "graph") yield* namesIn(attribute.value.nodes);
    }
  }
}
