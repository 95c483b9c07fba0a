/**
 * Graphs that ONNX Runtime saved with all its optimisations: their convolutions and pools keep
 * channels in blocks of a size that the saving machine's processor chose (domain
 * `com.microsoft.nchwc`). They are rewritten into plain ones. Only the weights stay as they are,
 * and are put in order by ONNX Runtime itself, which knows the size of its blocks.
 *
 * @module
 */
import type { GraphBuilder, Value } from "../../onnx/build/builder.ts";
import type { Model, Node } from "../../onnx/ir/model.ts";
import { tensor } from "../../tensor/tensor.ts";
import { intOf, intsOf, stringOf } from "../engine/attributes.ts";
import { rewriteNodes } from "../engine/rewrite.ts";
import { fusedActivationDecompositions } from "./fused_activation.ts";

/** Domain of the blocked ops. */
const blockedDomain = "com.microsoft.nchwc";

/** What a rewrite knows besides the node. */
interface Site {
  readonly b: GraphBuilder;
  readonly node: Node;
  /** Whether the first input was in blocks in the graph as it was saved. */
  readonly fromBlocks: boolean;
  /** Channels that readers of the output expect, where they are more than there are. */
  readonly channels: number | undefined;
}

type Plain = (site: Site) => Value;

const plainOps: Readonly<Record<string, Plain>> = {
  ReorderInput: ({ b, node, channels }) => {
    const [x] = node.inputs;
    const isLast = intOf(node, "channels_last", 0) === 1;
    return widenChannels(b, isLast ? toFirst(b, x!) : x!, channels);
  },
  ReorderOutput: ({ b, node }) => {
    const [x] = node.inputs;
    const channels = intOf(node, "channels", 0);
    const cut = b.dims(x!)?.[1] === channels
      ? x!
      : b.op("Slice", [x, b.int64s([0]), b.int64s([channels]), b.int64s([1])]);
    return intOf(node, "channels_last", 0) === 1 ? toLast(b, cut) : cut;
  },
  Conv: ({ b, node, fromBlocks }) => {
    const [x, w, ...rest] = node.inputs;
    const inputs = [x!, plainWeight(b, w!, intOf(node, "group", 1), fromBlocks), ...rest];
    const fused = { ...node, domain: "com.microsoft", opType: "FusedConv", inputs };
    return fusedActivationDecompositions["com.microsoft.FusedConv"](fused, b)[0]!;
  },
  Upsample: ({ b, node }) => {
    const mode = stringOf(node, "mode", "nearest");
    const scales = intsOf(node, "scales") ?? [1, 1, 1, 1];
    const factors = b.constant(tensor("float32", [scales.length], Float32Array.from(scales)));
    return b.op("Resize", [node.inputs[0], undefined, factors], {
      mode,
      coordinate_transformation_mode: stringOf(
        node,
        "coordinate_transformation_mode",
        "asymmetric",
      ),
      ...(mode === "nearest" ? { nearest_mode: "floor" } : {}),
    });
  },
  ...Object.fromEntries(
    ["MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool"].map((
      opType,
    ) => [opType, ({ b, node }: Site) => b.op(opType, node.inputs, node.attributes)]),
  ),
};

const toFirst = (b: GraphBuilder, x: Value) => b.op("Transpose", [x], { perm: [0, 3, 1, 2] });
const toLast = (b: GraphBuilder, x: Value) => b.op("Transpose", [x], { perm: [0, 2, 3, 1] });

/** Blocks are filled up with zeros, for which convolutions have weights. */
function widenChannels(b: GraphBuilder, x: Value, channels: number | undefined): Value {
  const own = b.dims(x)?.[1];
  if (channels === undefined || typeof own !== "number" || own >= channels) return x;
  return b.op("Pad", [x, b.int64s([0, 0, 0, 0, 0, channels - own, 0, 0])]);
}

/**
 * Weights [out, in, …] in the order that a plain convolution reads. Saved are blocks of outputs,
 * in which are, if the inputs are in blocks as well, blocks of inputs: [out / n, in / n, …, n, n].
 * To ReorderOutput that is an image of `out` channels, each an image of `in` channels.
 */
function plainWeight(b: GraphBuilder, w: Value, group: number, fromBlocks: boolean): Value {
  const dims = b.dims(w) as readonly number[];
  const [outs = 1, ins = 1, ...kernel] = dims;
  const area = kernel.reduce((n, size) => n * size, 1);
  const byOut = unblock(b, w, [1, outs, ins * area, 1]);
  const isDepthwise = group > 1 && ins === 1;
  const byIn = fromBlocks && !isDepthwise ? unblock(b, byOut, [outs, ins, area, 1]) : byOut;
  return b.op("Reshape", [byIn, b.int64s(dims)]);
}

function unblock(b: GraphBuilder, x: Value, dims: readonly number[]): Value {
  const image = b.op("Reshape", [x, b.int64s(dims)]);
  return b.op("ReorderOutput", [image], { channels: dims[1]! }, blockedDomain);
}

const isBlocked = ({ domain }: Node) => domain === blockedDomain;

/** Rewrites what ONNX Runtime brought into its layout of blocks. */
export function unblockLayout(model: Model): Model {
  if (!model.graph.nodes.some(isBlocked)) return model;
  const blocked = blockedValues(model);
  const channels = channelsWanted(model);
  return rewriteNodes(model, (node, b, original) => {
    const plain = isBlocked(node) ? plainOps[node.opType] : undefined;
    if (plain === undefined) return undefined;
    const fromBlocks = blocked.has(original.inputs[0]!);
    return [plain({ b, node, fromBlocks, channels: channels.get(original.outputs[0]!) })];
  });
}

/** Values that are in blocks; ops of the default domain between blocked ones keep them so. */
function blockedValues({ graph }: Model): ReadonlySet<string> {
  const blocked = new Set<string>();
  for (const node of graph.nodes) {
    const makes = isBlocked(node)
      ? node.opType !== "ReorderOutput"
      : node.inputs.some((name) => blocked.has(name));
    if (makes) { for (const name of node.outputs) blocked.add(name); }
  }
  return blocked;
}

/** Channels of the values that convolutions read, by their weights. */
function channelsWanted({ graph }: Model): ReadonlyMap<string, number> {
  const wanted = new Map<string, number>();
  for (const node of graph.nodes) {
    const dims = graph.initializers.get(node.inputs[1] ?? "")?.dims;
    if (!isBlocked(node) || node.opType !== "Conv" || dims === undefined) continue;
    wanted.set(node.inputs[0]!, dims[1]! * intOf(node, "group", 1));
  }
  return wanted;
}
