/**
 * Finds the residual layers of a model that was published as a graph, so that training may drop them
 * at random or use what lies between them.
 *
 * @module
 */
import type { Value } from "../onnx/build/builder.ts";
import type { Graph, Model, Node, ValueInfo } from "../onnx/ir/model.ts";

/** A layer: out = skip + branch, where the branch is computed from skip by weights. */
export interface ResidualLayer {
  readonly skip: Value;
  readonly branch: Value;
  readonly out: Value;
}

/** Ops that mix values by weights: without one a sum is an activation function's, not a layer's. */
const mixing: ReadonlySet<string> = new Set([
  "Conv",
  "FusedConv",
  "Gemm",
  "FusedMatMul",
  "MatMul",
  "MatMulNBits",
  "Attention",
  "MultiHeadAttention",
]);

type Producers = ReadonlyMap<Value, Node>;

function producersOf({ nodes }: Graph): Producers {
  return new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
}

/** The nodes that a value is computed by, back to `start` and not beyond it. */
function nodesBehind(producers: Producers, value: Value, start?: Value) {
  const [nodes, left] = [new Set<Node>(), [value]];
  let reached = false;
  while (left.length > 0) {
    const name = left.pop()!;
    if (name === start) reached = true;
    const node = name === start ? undefined : producers.get(name);
    if (node === undefined || nodes.has(node)) continue;
    nodes.add(node);
    left.push(...node.inputs);
  }
  return { nodes, reached };
}

/**
 * The residual layers on the way from an input to a value, in the order of the graph.
 *
 * @example
 * ```ts ignore
 * residualLayers(model, { from: "pixel_values", to: "image_features" }).length; // 6
 * ```
 */
export function residualLayers(
  { graph }: Model,
  { from, to }: { readonly from: Value; readonly to: Value },
): readonly ResidualLayer[] {
  const producers = producersOf(graph);
  const needed = nodesBehind(producers, to).nodes;
  const reached = new Set([from]);
  const layers: ResidualLayer[] = [];
  for (const node of graph.nodes) {
    if (!node.inputs.some((name) => reached.has(name))) continue;
    for (const name of node.outputs) reached.add(name);
    const layer = needed.has(node) ? layerOf(producers, node) : undefined;
    if (layer !== undefined) layers.push(layer);
  }
  return layers;
}

function layerOf(producers: Producers, node: Node): ResidualLayer | undefined {
  if (node.opType !== "Add" || node.domain !== "") return undefined;
  const [a, b] = node.inputs as [Value, Value];
  for (const [skip, branch] of [[a, b], [b, a]] as const) {
    const { nodes, reached } = nodesBehind(producers, branch, skip);
    if (reached && [...nodes].some(({ opType }) => mixing.has(opType))) {
      return { skip, branch, out: node.outputs[0]! };
    }
  }
  return undefined;
}

/** Input that scales the branch of a layer. */
export const gateName = (layer: number): string => `layer_gate.${layer}`;

/** Multiplies the branch of every layer by an input, float32 scalars `layer_gate.<number>`. */
export function gateLayers(model: Model, layers: readonly ResidualLayer[]): Model {
  const byOut = new Map(layers.map((layer, i) => [layer.out, { ...layer, gate: gateName(i) }]));
  const gates = layers.map((_, i): ValueInfo => ({
    name: gateName(i),
    type: { kind: "tensor", dtype: "float32", dims: [] },
  }));
  const nodes = model.graph.nodes.flatMap((node): Node[] => {
    const layer = byOut.get(node.outputs[0] ?? "");
    if (layer === undefined) return [node];
    const gated = `${layer.branch}.${layer.gate}`;
    const { skip, branch, gate } = layer;
    const [name, attributes] = [`${node.name}.gate`, {}];
    return [
      { name, opType: "Mul", domain: "", inputs: [branch, gate], outputs: [gated], attributes },
      { ...node, inputs: [skip, gated] },
    ];
  });
  return { ...model, graph: { ...model.graph, nodes, inputs: [...model.graph.inputs, ...gates] } };
}
